// The `usage` object of this dialect (spec 05 §15.1, 07 §18).
#pragma once

#include <cstdint>
#include <string>

#include "lib/json/reader.h"
#include "lib/json/splice.h"
#include "lib/usage/usage.h"

namespace aisix::proxy::openai_chat {

struct UsageView {
  bool present = false;    // an object, not null
  bool malformed = false;  // no object, or a counter that is no unsigned 32-bit integer
  usage::TokenCounts tokens;
  // For AddCachedTokens.
  uint64_t cache_hits = 0;    // `prompt_cache_hit_tokens`, as DeepSeek writes it
  bool from_hits = false;     // tokens.cached_prompt was taken from there
  json::Value details;        // `prompt_tokens_details`
  bool details_empty = true;  // it has no members
  json::Value cached;         // its `cached_tokens`
  size_t end = 0;             // offset of the closing brace
};

// Consumes the value at the reader, which is that of a `usage` member.
void ReadUsage(json::Reader& reader, UsageView& view);

// Where the provider reports cached tokens in DeepSeek's way only, adds
// `prompt_tokens_details.cached_tokens`, where clients look for them. `number` keeps the digits and must
// live as long as the splice.
void AddCachedTokens(const UsageView& view, std::string& number, json::Splice& splice);

}  // namespace aisix::proxy::openai_chat
