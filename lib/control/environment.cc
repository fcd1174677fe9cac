#include "lib/control/environment.h"

#include "absl/status/status.h"

namespace aisix::control {

std::string EncodeEnvironment(const Environment& environment) {
  std::string text;
  for (const auto& [name, value] : environment) {
    text.append(name).push_back('=');
    text.append(value).push_back('\0');
  }
  return text;
}

absl::StatusOr<Environment> DecodeEnvironment(std::string_view text) {
  Environment environment;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) return absl::InvalidArgumentError("environment: text is cut short");
    const std::string_view entry = text.substr(0, end);
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos) return absl::InvalidArgumentError("environment: entry without `=`");
    environment.insert_or_assign(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)));
    text.remove_prefix(end + 1);
  }
  return environment;
}

}  // namespace aisix::control
