// `${VAR}` in string values of a resources file (spec 02 §7.4).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::admin::file {

// The variables that the file may use.
using Variables = std::map<std::string, std::string>;

// The variable's value, or null when it is unset or empty.
const std::string* FindVariable(const Variables& variables, std::string_view name);

// INVALID_ARGUMENT with the reason of spec 02 §7.6. The message never holds a value.
absl::StatusOr<std::string> Interpolate(std::string_view text, const Variables& variables);

}  // namespace aisix::admin::file
