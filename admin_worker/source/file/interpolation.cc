#include "admin_worker/source/file/interpolation.h"

#include <fmt/format.h>

namespace aisix::admin::file {

const std::string* FindVariable(const Variables& variables, std::string_view name) {
  const auto variable = variables.find(std::string(name));
  return variable == variables.end() || variable->second.empty() ? nullptr : &variable->second;
}

absl::StatusOr<std::string> Interpolate(std::string_view text, const Variables& variables) {
  std::string result;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    result.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      result.push_back('$');
      text.remove_prefix(2);
      continue;
    }
    if (!text.starts_with("${")) {
      result.push_back('$');
      text.remove_prefix(1);
      continue;
    }
    const size_t close = text.find('}');
    // The value is left out of the message: it may be half of a credential.
    if (close == std::string_view::npos)
      return absl::InvalidArgumentError(
          "unterminated `${` in value \"…\" — close it with `}` or escape the dollar sign as `$$`");
    const std::string_view name = text.substr(2, close - 2);
    if (name.empty()) return absl::InvalidArgumentError("empty variable name in `${}`");
    const std::string* value = FindVariable(variables, name);
    if (value == nullptr)
      return absl::InvalidArgumentError(fmt::format("environment variable `{}` is unset or empty", name));
    result += *value;
    text.remove_prefix(close + 1);
  }
  return result;
}

}  // namespace aisix::admin::file
