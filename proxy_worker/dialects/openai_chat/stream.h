// Relays a stream of this dialect: events pass as they came, but for the members that the gateway edits
// (spec 00, 05 §10.2–10.6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/json/reader.h"
#include "lib/json/splice.h"
#include "lib/usage/usage.h"
#include "proxy_worker/dialects/byte_buffer.h"
#include "proxy_worker/dialects/openai_chat/chunk_pattern.h"
#include "proxy_worker/dialects/openai_chat/error.h"
#include "proxy_worker/dialects/openai_chat/reply.h"
#include "proxy_worker/dialects/sse/event_scanner.h"

namespace aisix::proxy::openai_chat {

// The end of every stream that ended well.
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

// Borrowed; lives as long as the relay.
struct StreamRules {
  std::string_view model;                         // the caller's name as a JSON string, with quotes
  bool forward_usage_only = true;                 // false: chunks with usage and nothing else are swallowed
  const ReasoningPath* reasoning_path = nullptr;  // never null
};

// Called with what the provider says about itself, for records; not for a chunk that says the same as the one
// before. Views into the event.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  // Strings without escapes of a chunk; empty ones are not reported.
  virtual void OnId(std::string_view id) = 0;
  virtual void OnModel(std::string_view model) = 0;
  virtual void OnFinishReason(std::string_view reason) = 0;
};

// Memory that the streams of a loop share: in use only inside a call of a relay.
struct ReplyScratch {
  ReplyView view;
  ReplyEdits edits;
  json::Splice splice;
  std::string joined;     // payload of an event with several data lines, or with bytes that are no UTF-8
  std::string unescaped;  // for the observer
  std::vector<json::Span> strings;
};

class StreamRelay {
 public:
  enum class State : uint8_t {
    kOpen,      // more may come
    kDone,      // the provider said [DONE]
    kInBand,    // it reported an error: in_band()
    kMalformed  // an event is neither a chunk nor an error: defect()
  };

  // All borrowed; reader and scratch may be shared by all streams of a loop.
  StreamRelay(json::Reader& reader, ReplyScratch& scratch, async::BufferPool& pool, const StreamRules& rules,
              StreamObserver& observer);

  // Takes bytes of the provider and appends what the caller gets for them to `out`. Once the state is not
  // kOpen, further bytes are ignored. `now_seconds`: wall clock, for chunks without `created`.
  State Feed(std::string_view bytes, int64_t now_seconds, ByteBuffer& out);
  // The provider closed its stream properly: delivers an event whose blank line is missing.
  State End(int64_t now_seconds, ByteBuffer& out);

  State state() const { return state_; }
  const ProviderError& in_band() const { return in_band_; }
  std::string_view defect() const { return defect_; }
  uint64_t chunks() const { return chunks_; }        // events with a chunk so far
  uint64_t forwarded() const { return forwarded_; }  // of those, handed on
  bool usage_known() const { return usage_known_; }
  const usage::TokenCounts& tokens() const { return tokens_; }

 private:
  void Take(const sse::Event& event, int64_t now_seconds, bool complete, ByteBuffer& out);
  void TakeChunk(const sse::Event& event, std::string_view payload, int64_t now_seconds, bool complete,
                 ByteBuffer& out);
  bool RelayAsBefore(ByteBuffer& out);
  bool ReadPayload(std::string_view& payload);
  void Fail(std::string_view payload, std::string_view defect);
  void Record(std::string_view payload);
  static void Terminate(const sse::Event& event, ByteBuffer& out);

  json::Reader& reader_;
  ReplyScratch& scratch_;
  sse::EventScanner scanner_;
  ChunkPattern pattern_;
  const StreamRules rules_;
  StreamObserver& observer_;
  State state_ = State::kOpen;
  bool previous_forwarded_ = true;
  bool usage_known_ = false;
  uint64_t chunks_ = 0;
  uint64_t forwarded_ = 0;
  usage::TokenCounts tokens_;
  ProviderError in_band_;
  std::string defect_;
};

}  // namespace aisix::proxy::openai_chat
