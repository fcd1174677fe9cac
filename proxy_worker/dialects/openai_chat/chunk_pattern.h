// Most chunks of a stream differ from the one before in nothing but strings that the gateway does not read:
// the text of the delta. A chunk that was read whole serves as a pattern for them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lib/async/buffer_pool.h"
#include "lib/json/reader.h"
#include "proxy_worker/dialects/byte_buffer.h"
#include "proxy_worker/dialects/openai_chat/reply.h"
#include "proxy_worker/dialects/sse/event_scanner.h"

namespace aisix::proxy::openai_chat {

// An event matches when it is the pattern's byte for byte, but for the contents of strings in values that
// nobody reads, which are valid strings again. So it is as valid a document as the pattern's, and says the
// same of everything that is read: the grammar of JSON allows any string where there was one. Belongs to one
// stream; holds a block of the pool while it has a pattern.
class ChunkPattern {
 public:
  // `model`: as in StreamRules, borrowed.
  ChunkPattern(async::BufferPool& pool, std::string_view model) : pool_(pool), model_(model) {}
  ChunkPattern(const ChunkPattern&) = delete;
  ChunkPattern& operator=(const ChunkPattern&) = delete;

  // Makes a chunk that was just read with `reader`, and is `view`, the pattern, or forgets the one there is:
  // an event that is edited elsewhere than in its model's name, or large, is none. `event` ends with its
  // blank line, its payload is its one line of data. `strings`: scratch.
  void Learn(const sse::Event& event, const json::Reader& reader, const ReplyView& view,
             std::vector<json::Span>& strings);
  void Forget();

  // When `bytes` begin with an event that matches, appends what the caller gets for it to `out`, and returns
  // its length; else 0.
  size_t Relay(std::string_view bytes, ByteBuffer& out);

 private:
  // A string that may be another one: where its content begins, and the offset behind its closing quote.
  struct Slot {
    uint16_t begin;
    uint16_t end;
    bool varies;  // it was seen to differ: it is read without a comparison
  };

  bool Suits(const sse::Event& event, const ReplyView& view) const;
  Slot* slots() const { return reinterpret_cast<Slot*>(block_.data()); }
  const char* text() const { return block_.data() + slot_count_ * sizeof(Slot); }
  size_t NextVarying(size_t slot) const;

  async::BufferPool& pool_;
  const std::string_view model_;
  async::Buffer block_;  // the slots, ascending, and the event's text
  uint16_t slot_count_ = 0;
  uint16_t size_ = 0;  // of the text; 0: there is no pattern
  uint16_t model_begin_ = 0;
  uint16_t model_size_ = 0;
  uint16_t failures_ = 0;  // patterns in a row that no event matched
  bool matched_ = false;   // an event matched this one
};

}  // namespace aisix::proxy::openai_chat
