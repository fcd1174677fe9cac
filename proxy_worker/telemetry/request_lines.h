// The structured lines of requests (spec 11 §3). One object per loop; the loop only hands lines to the
// logger's queue.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/http/server_exchange.h"
#include "lib/log/logger.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// A decision on a caller key (spec 11 §8.8).
enum class AuthReason : uint8_t { kNone, kMissingCredentials, kUnknownKey, kKeyDisabled, kKeyExpired };
inline constexpr size_t kAuthReasons = 5;
std::string_view AuthReasonLabel(AuthReason reason);
std::string_view AuthMethod(AuthReason reason);  // "none" without a credential, else "api_key"

// A body whose declared length is above the limit (spec 01 §10).
struct BodyLimitRefusal {
  uint64_t declared_bytes = 0;
  uint64_t limit_bytes = 0;
  uint64_t most_drained_bytes = 0;  // the bound of the drain
  http::DrainResult outcome = http::DrainResult::kCompleted;
  uint64_t elapsed_ms = 0;
};
std::string_view DrainLabel(http::DrainResult outcome);

class RequestLines {
 public:
  explicit RequestLines(log::Logger& logger) : logger_(logger) {}
  RequestLines(const RequestLines&) = delete;
  RequestLines& operator=(const RequestLines&) = delete;

  // `proxy request completed`; context.status and head_ns are set.
  void Access(const RequestContext& context);
  // `provider call completed`.
  void ProviderCall(const RequestContext& context, std::string_view handler, int status);
  // `caller`: the key that matched, if one did.
  void AuthenticationRefused(const RequestContext& context, AuthReason reason, const CallerKey* caller);
  // At most one warning a second per outcome. `now_ms`: monotonic.
  void BodyLimitRefused(const RequestContext& context, const BodyLimitRefusal& refusal, uint64_t now_ms);

 private:
  log::Logger& logger_;
  std::array<uint64_t, 4> warned_at_ms_{};  // by outcome; 0: never
};

// A text for a line or an event: without control characters and line separators, at most `limit` characters.
std::string CleanText(std::string_view text, size_t limit);

}  // namespace aisix::proxy
