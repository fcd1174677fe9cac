#include "lib/usage/usage.h"

#include <algorithm>
#include <cmath>

namespace aisix::usage {

void TokenCounts::RaiseTo(const TokenCounts& other) {
  prompt = std::max(prompt, other.prompt);
  completion = std::max(completion, other.completion);
  total = std::max(total, other.total);
  cached_prompt = std::max(cached_prompt, other.cached_prompt);
  reasoning = std::max(reasoning, other.reasoning);
  cache_creation = std::max(cache_creation, other.cache_creation);
  cache_read = std::max(cache_read, other.cache_read);
}

double CostUsd(const TokenCounts& tokens, const Price& price) {
  return price.input_per_1k * (static_cast<double>(tokens.prompt) / 1000.0) +
         price.output_per_1k * (static_cast<double>(tokens.completion) / 1000.0);
}

uint64_t CostMicroUsd(const TokenCounts& tokens, const Price& price) {
  constexpr double kMost = 9.0e18;
  double micro = std::round(CostUsd(tokens, price) * 1e6);
  if (!(micro > 0)) return 0;
  return static_cast<uint64_t>(std::min(micro, kMost));
}

std::string_view Name(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::kInitial:
      return "initial";
    case AttemptKind::kRetry:
      return "retry";
    case AttemptKind::kFallback:
      return "fallback";
    case AttemptKind::kPanel:
      return "panel";
    case AttemptKind::kJudge:
      return "judge";
  }
  return "";
}

std::string_view Name(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kNone:
      return "";
    case ErrorClass::kTimeout:
      return "timeout";
    case ErrorClass::kUpstreamStatus:
      return "upstream_status";
    case ErrorClass::kUpstreamDecode:
      return "upstream_decode";
    case ErrorClass::kUpstreamInBand:
      return "upstream_in_band";
    case ErrorClass::kConfig:
      return "config";
    case ErrorClass::kInvalidConfig:
      return "invalid_config";
    case ErrorClass::kInvalidCredentials:
      return "invalid_credentials";
    case ErrorClass::kTransport:
      return "transport";
    case ErrorClass::kStreamAborted:
      return "stream_aborted";
  }
  return "";
}

}  // namespace aisix::usage
