// What a request consumed, in the provider-neutral counters of spec 05 §15 and 11 §11.1. Values.
#pragma once

#include <cstdint>
#include <string_view>

namespace aisix::usage {

// Token counters of one answer. 0 means: not reported, or zero.
struct TokenCounts {
  uint64_t prompt = 0;
  uint64_t completion = 0;
  uint64_t total = 0;           // as the provider reported it
  uint64_t cached_prompt = 0;   // part of `prompt` (OpenAI convention)
  uint64_t reasoning = 0;       // part of `completion`
  uint64_t cache_creation = 0;  // beside `prompt` (Anthropic convention)
  uint64_t cache_read = 0;      // beside `prompt` (Anthropic convention)

  bool operator==(const TokenCounts&) const = default;
  bool Empty() const { return *this == TokenCounts(); }

  // The total that is metered and counted (spec 11 §12.2).
  uint64_t CacheInclusiveTotal() const { return prompt + completion + cache_creation + cache_read; }

  // Raises each counter to that of `other` where that is greater: streams report cumulative counts
  // repeatedly (spec 05 §15.1).
  void RaiseTo(const TokenCounts& other);
};

// Price of one model, in USD per 1,000 tokens.
struct Price {
  double input_per_1k = 0;
  double output_per_1k = 0;
};

// Cost in USD (spec 05 §15.4).
double CostUsd(const TokenCounts& tokens, const Price& price);

// The same in micro-USD, rounded to the nearest; never negative.
uint64_t CostMicroUsd(const TokenCounts& tokens, const Price& price);

// What made an attempt (spec 11 §11.3).
enum class AttemptKind : uint8_t { kInitial, kRetry, kFallback, kPanel, kJudge };
std::string_view Name(AttemptKind kind);

// Why an attempt failed (spec 11 §11.3). kNone: it did not, or the gateway refused before any attempt.
enum class ErrorClass : uint8_t {
  kNone,
  kTimeout,
  kUpstreamStatus,
  kUpstreamDecode,
  kUpstreamInBand,
  kConfig,
  kInvalidConfig,
  kInvalidCredentials,
  kTransport,
  kStreamAborted,
};
std::string_view Name(ErrorClass error_class);  // kNone: empty

}  // namespace aisix::usage
