// The error a request ends with, before it has a wire form (spec 05 §5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/usage/usage.h"

namespace aisix::proxy {

struct Error {
  int status = 500;
  std::string type;
  std::string message;
  std::string code;                     // empty: the member is omitted
  std::string param;                    // empty: the member is omitted
  std::optional<uint64_t> retry_after;  // seconds, sent as `Retry-After` (spec 05 §5.5)
  // For the record of the attempt that ended so. kNone: the gateway itself refused.
  usage::ErrorClass error_class = usage::ErrorClass::kNone;
};

// The bodies. Content type of both is application/json.
[[gnu::cold]] std::string RenderOpenAi(const Error& error);     // spec 05 §5.1
[[gnu::cold]] std::string RenderAnthropic(const Error& error);  // spec 05 §5.2

// The gateway's own errors (spec 05 §5.3), texts exactly as specified. Cold: what leads to one is laid out
// apart from the way that requests usually take.
[[gnu::cold]] Error MissingCredential();
[[gnu::cold]] Error UnknownKey();
[[gnu::cold]] Error DisabledKey();
[[gnu::cold]] Error ExpiredKey();
[[gnu::cold]] Error ModelNotFound(std::string_view name);
[[gnu::cold]] Error ModelNotAllowed(std::string_view name);
[[gnu::cold]] Error ClientAddressNotAllowed();
[[gnu::cold]] Error InvalidRequest(std::string_view detail);  // "request payload is invalid: <detail>"
[[gnu::cold]] Error InvalidJson();                            // InvalidRequest("invalid JSON request body")
[[gnu::cold]] Error BodyTooLarge(uint64_t limit_bytes);
[[gnu::cold]] Error EndpointRemoved();
[[gnu::cold]] Error NotBuilt(std::string_view endpoint);  // known, but not served by this build: 501
[[gnu::cold]] Error NoAdapter();                          // 503 provider_unavailable
[[gnu::cold]] Error NotSupportedByProvider(std::string_view what);  // "this provider does not support <what>"
[[gnu::cold]] Error UpstreamTimeout(uint64_t milliseconds);
[[gnu::cold]] Error UpstreamTransport(std::string_view diagnostic);  // "transport error: <diagnostic>"
[[gnu::cold]] Error UpstreamDecode(std::string_view detail);
[[gnu::cold]] Error UpstreamAborted();                         // the stream ended before its first chunk
[[gnu::cold]] Error UpstreamServerError(int upstream_status);  // 502, "upstream returned <n>"
[[gnu::cold]] Error ConfigFault(std::string_view detail);      // 500 config_error
[[gnu::cold]] Error InvalidUpstreamConfiguration(std::string_view detail);  // 400
[[gnu::cold]] Error InvalidUpstreamCredentials(std::string_view detail);    // 401 authentication_error

// A caller's text between double quotes, with `"`, `\` and control characters escaped, as messages show it.
std::string DebugQuoted(std::string_view text);

}  // namespace aisix::proxy
