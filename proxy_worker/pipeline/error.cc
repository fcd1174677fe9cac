#include "proxy_worker/pipeline/error.h"

#include <fmt/format.h>

#include <iterator>

#include "lib/json/text.h"

namespace aisix::proxy {
namespace {

Error Make(int status, std::string_view type, std::string message, std::string_view code = "") {
  Error error;
  error.status = status;
  error.type = type;
  error.message = std::move(message);
  error.code = code;
  return error;
}

Error MakeUpstream(int status, std::string_view type, std::string message, usage::ErrorClass error_class) {
  Error error = Make(status, type, std::move(message));
  error.error_class = error_class;
  return error;
}

std::string_view AnthropicType(int status) {
  switch (status) {
    case 400:
    case 422:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 408:
      return "timeout_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    default:
      return "api_error";
  }
}

}  // namespace

std::string RenderOpenAi(const Error& error) {
  std::string out = R"({"error":{"message":)";
  json::AppendString(out, error.message);
  out += R"(,"type":)";
  json::AppendString(out, error.type);
  if (!error.param.empty()) {
    out += R"(,"param":)";
    json::AppendString(out, error.param);
  }
  if (!error.code.empty()) {
    out += R"(,"code":)";
    json::AppendString(out, error.code);
  }
  out += "}}";
  return out;
}

std::string RenderAnthropic(const Error& error) {
  std::string out = R"({"type":"error","error":{"type":)";
  json::AppendString(out, AnthropicType(error.status));
  out += R"(,"message":)";
  json::AppendString(out, error.message);
  out += "}}";
  return out;
}

Error MissingCredential() {
  return Make(401, "invalid_api_key", "missing or malformed Authorization header");
}
Error UnknownKey() {
  return Make(401, "invalid_api_key", "invalid API key");
}
Error DisabledKey() {
  return Make(401, "invalid_api_key", "API key has been disabled", "api_key_disabled");
}
Error ExpiredKey() {
  return Make(401, "invalid_api_key", "API key has expired", "api_key_expired");
}

Error ModelNotFound(std::string_view name) {
  return Make(404, "model_not_found", fmt::format("model {} not found", DebugQuoted(name)));
}
Error ModelNotAllowed(std::string_view name) {
  return Make(403, "permission_denied",
              fmt::format("API key is not allowed to use model {}", DebugQuoted(name)));
}
Error ClientAddressNotAllowed() {
  return Make(403, "permission_denied", "Access denied: your client IP is not allowed to access this model",
              "ip_restricted");
}

Error InvalidRequest(std::string_view detail) {
  return Make(400, "invalid_request_error", fmt::format("request payload is invalid: {}", detail));
}
Error InvalidJson() {
  return InvalidRequest("invalid JSON request body");
}
Error BodyTooLarge(uint64_t limit_bytes) {
  return Make(413, "invalid_request_error", fmt::format("request body exceeds {}-byte limit", limit_bytes));
}
Error EndpointRemoved() {
  return Make(410, "invalid_request_error",
              "the implicit /passthrough/:provider tunnel has been removed; configure an explicit "
              "passthrough_route resource for this path (see the provider passthrough documentation for the "
              "migration)",
              "endpoint_removed");
}
Error NotBuilt(std::string_view endpoint) {
  return Make(501, "not_implemented", fmt::format("this gateway does not serve {} yet", endpoint));
}

Error NoAdapter() {
  return Make(503, "provider_unavailable", "no bridge registered for provider");
}
Error NotSupportedByProvider(std::string_view what) {
  return Make(501, "not_implemented", fmt::format("this provider does not support {}", what));
}

Error UpstreamTimeout(uint64_t milliseconds) {
  return MakeUpstream(504, "timeout", fmt::format("upstream request timed out after {}ms", milliseconds),
                      usage::ErrorClass::kTimeout);
}
Error UpstreamTransport(std::string_view diagnostic) {
  return MakeUpstream(502, "transport_error", fmt::format("transport error: {}", diagnostic),
                      usage::ErrorClass::kTransport);
}
Error UpstreamDecode(std::string_view detail) {
  return MakeUpstream(502, "upstream_decode_error",
                      fmt::format("upstream returned an unparseable body: {}", detail),
                      usage::ErrorClass::kUpstreamDecode);
}
Error UpstreamAborted() {
  return MakeUpstream(502, "stream_aborted", "upstream cancelled the response mid-stream",
                      usage::ErrorClass::kStreamAborted);
}
Error UpstreamServerError(int upstream_status) {
  return MakeUpstream(502, "upstream_error", fmt::format("upstream returned {}", upstream_status),
                      usage::ErrorClass::kUpstreamStatus);
}
Error ConfigFault(std::string_view detail) {
  return MakeUpstream(500, "config_error", fmt::format("bridge is misconfigured: {}", detail),
                      usage::ErrorClass::kConfig);
}
Error InvalidUpstreamConfiguration(std::string_view detail) {
  return MakeUpstream(400, "invalid_request_error", fmt::format("invalid upstream configuration: {}", detail),
                      usage::ErrorClass::kInvalidConfig);
}
Error InvalidUpstreamCredentials(std::string_view detail) {
  return MakeUpstream(401, "authentication_error", fmt::format("invalid upstream credentials: {}", detail),
                      usage::ErrorClass::kInvalidCredentials);
}

std::string DebugQuoted(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    switch (byte) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      case '\0':
        out += "\\0";
        continue;
      default:
        break;
    }
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", byte);
    } else if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      ++i;  // U+0080 … U+009F
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<unsigned char>(text[i]));
    } else {
      out += text[i];
    }
  }
  out += '"';
  return out;
}

}  // namespace aisix::proxy
