// Label values that are derived from a status (spec 11 §7.2). Static texts.
#pragma once

#include <string_view>

namespace aisix::proxy {

inline constexpr std::string_view kUnknown = "unknown";
inline constexpr std::string_view kUnresolved = "unresolved";

// "success", "rate_limited", "client_error", "upstream_error".
std::string_view Outcome(int status);
// "2xx" … "5xx", "other".
std::string_view StatusClass(int status);
inline std::string_view BoolLabel(bool value) {
  return value ? "true" : "false";
}
// The value, or "unknown" for an empty one.
inline std::string_view OrUnknown(std::string_view value) {
  return value.empty() ? kUnknown : value;
}

}  // namespace aisix::proxy
