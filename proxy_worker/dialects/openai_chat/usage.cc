#include "proxy_worker/dialects/openai_chat/usage.h"

#include <string>

namespace aisix::proxy::openai_chat {
namespace {

constexpr uint64_t kMaxCounter = UINT32_MAX;

// Consumes a counter. A null is an absent counter where `optional` says so.
uint64_t ReadCounter(json::Reader& reader, bool optional, bool& malformed) {
  const json::Value value = reader.Read();
  uint64_t count = 0;
  if (value.kind == json::Kind::kNumber && json::ParseUnsigned(value.span.of(reader.text()), count) &&
      count <= kMaxCounter) {
    return count;
  }
  if (value.kind != json::Kind::kNull || !optional) malformed = true;
  return 0;
}

// Consumes `…_tokens_details` and finds one counter in it.
void ReadDetails(json::Reader& reader, std::string_view name, uint64_t& count, UsageView& view,
                 bool is_prompt) {
  const size_t from = reader.position();
  if (!reader.EnterObject()) {
    const json::Value value = reader.Read();
    if (is_prompt) view.details = value;
    if (value.kind != json::Kind::kNull) view.malformed = true;
    return;
  }
  json::Key key;
  while (reader.NextMember(key)) {
    if (is_prompt) view.details_empty = false;
    if (!key.Is(name)) {
      reader.Skip();
      continue;
    }
    const size_t at = reader.position();
    count = ReadCounter(reader, true, view.malformed);
    if (is_prompt) {
      view.cached.kind = json::Kind::kNumber;
      view.cached.span = json::Span{at, reader.last_end() - at};
    }
  }
  if (is_prompt) {
    view.details.kind = json::Kind::kObject;
    view.details.span = json::Span{from, reader.last_end() - from};
  }
}

}  // namespace

void ReadUsage(json::Reader& reader, UsageView& view) {
  view = UsageView();
  if (!reader.EnterObject()) {
    const json::Value value = reader.Read();
    view.malformed = value.kind != json::Kind::kNull;
    return;
  }
  view.present = true;
  json::Key key;
  while (reader.NextMember(key)) {
    if (key.Is("prompt_tokens")) {
      view.tokens.prompt = ReadCounter(reader, false, view.malformed);
    } else if (key.Is("completion_tokens")) {
      view.tokens.completion = ReadCounter(reader, false, view.malformed);
    } else if (key.Is("total_tokens")) {
      view.tokens.total = ReadCounter(reader, false, view.malformed);
    } else if (key.Is("prompt_tokens_details")) {
      ReadDetails(reader, "cached_tokens", view.tokens.cached_prompt, view, true);
    } else if (key.Is("completion_tokens_details")) {
      ReadDetails(reader, "reasoning_tokens", view.tokens.reasoning, view, false);
    } else if (key.Is("prompt_cache_hit_tokens")) {
      view.cache_hits = ReadCounter(reader, true, view.malformed);
    } else {
      reader.Skip();
    }
  }
  view.end = reader.last_end() - 1;
  if (view.tokens.cached_prompt == 0 && view.cache_hits > 0) {
    view.tokens.cached_prompt = view.cache_hits;
    view.from_hits = true;
  }
}

void AddCachedTokens(const UsageView& view, std::string& number, json::Splice& splice) {
  if (!view.from_hits) return;
  const std::string digits = std::to_string(view.cache_hits);
  switch (view.details.kind) {
    case json::Kind::kInvalid:  // no such member; `usage` has at least the hits, so a comma is due
      number = ",\"prompt_tokens_details\":{\"cached_tokens\":" + digits + "}";
      splice.Insert(view.end, number);
      return;
    case json::Kind::kNull:
      number = "{\"cached_tokens\":" + digits + "}";
      splice.Replace(view.details.span, number);
      return;
    case json::Kind::kObject:
      if (view.cached.kind == json::Kind::kNumber) {
        number = digits;
        splice.Replace(view.cached.span, number);
      } else {
        // The brace is replaced with the member behind it: the comma depends on whether others follow.
        number = "\"cached_tokens\":" + digits;
        if (!view.details_empty) number.push_back(',');
        splice.Insert(view.details.span.offset + 1, number);
      }
      return;
    default:
      return;
  }
}

}  // namespace aisix::proxy::openai_chat
