#include "proxy_worker/dialects/openai_chat/chunk_pattern.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/json/text.h"

namespace aisix::proxy::openai_chat {
namespace {

constexpr size_t kMostText = 2048;
constexpr size_t kMostSlots = 64;
// Where so many patterns in a row were of no use, only one chunk in as many becomes one.
constexpr uint16_t kFutile = 8;

}  // namespace

bool ChunkPattern::Suits(const sse::Event& event, const ReplyView& view) const {
  // A byte order mark is one at the beginning of the stream only.
  return event.prefix == 0 && event.bytes.front() != '\xEF' && event.data_lines == 1 &&
         event.bytes.size() <= kMostText && event.bytes.ends_with('\n') && view.ok() && view.has_object &&
         view.has_created && view.model_values.size() == 1 && view.reasoning.empty() && !view.usage.present;
}

void ChunkPattern::Forget() {
  size_ = 0;
  block_.Release();
}

void ChunkPattern::Learn(const sse::Event& event, const json::Reader& reader, const ReplyView& view,
                         std::vector<json::Span>& strings) {
  if (size_ > 0) failures_ = matched_ ? 0 : failures_ + 1;
  Forget();
  matched_ = false;
  if (!Suits(event, view)) return;
  if (failures_ >= kFutile && ++failures_ % kFutile != 0) return;
  strings.clear();
  reader.FindStrings(view.unread, strings);
  if (strings.size() > kMostSlots) return;

  const size_t payload = static_cast<size_t>(event.data.data() - event.bytes.data());
  block_ = pool_.Take(strings.size() * sizeof(Slot) + event.bytes.size());
  slot_count_ = static_cast<uint16_t>(strings.size());
  for (size_t i = 0; i < strings.size(); ++i) {
    const json::Span& span = strings[i];
    new (slots() + i) Slot{static_cast<uint16_t>(payload + span.offset + 1),
                           static_cast<uint16_t>(payload + span.end()), false};
  }
  std::memcpy(block_.data() + slot_count_ * sizeof(Slot), event.bytes.data(), event.bytes.size());
  size_ = static_cast<uint16_t>(event.bytes.size());
  model_begin_ = static_cast<uint16_t>(payload + view.model_values[0].offset);
  model_size_ = static_cast<uint16_t>(view.model_values[0].length);
}

size_t ChunkPattern::NextVarying(size_t slot) const {
  while (slot < slot_count_ && !slots()[slot].varies) ++slot;
  return slot;
}

size_t ChunkPattern::Relay(std::string_view bytes, ByteBuffer& out) {
  if (size_ == 0) return 0;
  const char* const expected = text();
  size_t at = 0;  // in the pattern
  size_t in = 0;  // in `bytes`
  size_t model_in = model_begin_;
  size_t passed = 0;  // slots that end at or before `at`
  size_t slot = NextVarying(0);
  while (true) {
    const size_t part = (slot < slot_count_ ? slots()[slot].begin : size_) - at;
    if (bytes.size() - in < part || std::memcmp(expected + at, bytes.data() + in, part) != 0) {
      // The first time that a string differs.
      const size_t same = std::min(part, bytes.size() - in);
      const char* const differs = std::mismatch(expected + at, expected + at + same, bytes.data() + in).first;
      const size_t where = static_cast<size_t>(differs - expected);
      while (passed < slot_count_ && slots()[passed].end <= where) ++passed;
      if (passed == slot_count_ || slots()[passed].begin > where) return 0;
      slot = passed;
    }
    if (slot == slot_count_) {
      in += part;
      break;
    }
    const Slot& found = slots()[slot];
    in = json::FindStringEnd(bytes, in + (found.begin - at));
    if (in == 0) return 0;
    at = found.end;
    if (at <= model_begin_) model_in = model_begin_ + in - at;
    slots()[slot].varies = true;
    slot = NextVarying(passed = slot + 1);
  }
  matched_ = true;
  out.append(bytes.substr(0, model_in), model_,
             bytes.substr(model_in + model_size_, in - model_in - model_size_));
  return in;
}

}  // namespace aisix::proxy::openai_chat
