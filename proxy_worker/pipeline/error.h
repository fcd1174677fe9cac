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
std::string RenderOpenAi(const Error& error);     // spec 05 §5.1
std::string RenderAnthropic(const Error& error);  // spec 05 §5.2

// The gateway's own errors (spec 05 §5.3), texts exactly as specified.
Error MissingCredential();
Error UnknownKey();
Error DisabledKey();
Error ExpiredKey();
Error ModelNotFound(std::string_view name);
Error ModelNotAllowed(std::string_view name);
Error ClientAddressNotAllowed();
Error InvalidRequest(std::string_view detail);  // "request payload is invalid: <detail>"
Error InvalidJson();                            // InvalidRequest("invalid JSON request body")
Error BodyTooLarge(uint64_t limit_bytes);
Error EndpointRemoved();
Error NotBuilt(std::string_view endpoint);            // a known endpoint that this build does not serve: 501
Error NoAdapter();                                    // 503 provider_unavailable
Error NotSupportedByProvider(std::string_view what);  // "this provider does not support <what>"
Error UpstreamTimeout(uint64_t milliseconds);
Error UpstreamTransport(std::string_view diagnostic);  // "transport error: <diagnostic>"
Error UpstreamDecode(std::string_view detail);
Error UpstreamAborted();                                      // the stream ended before its first chunk
Error UpstreamServerError(int upstream_status);               // 502, "upstream returned <n>"
Error ConfigFault(std::string_view detail);                   // 500 config_error
Error InvalidUpstreamConfiguration(std::string_view detail);  // 400
Error InvalidUpstreamCredentials(std::string_view detail);    // 401 authentication_error

// A caller's text between double quotes, with `"`, `\` and control characters escaped, as messages show it.
std::string DebugQuoted(std::string_view text);

}  // namespace aisix::proxy
