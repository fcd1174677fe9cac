// What a plain YAML scalar means (spec 01 §4.1).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::admin::file {

// Null, boolean, integer, float or, for everything else, the string itself. A float that JSON cannot hold
// (`.inf`, `nan`): INVALID_ARGUMENT with the reason of spec 02 §7.6.
absl::StatusOr<nlohmann::json> ReadPlainScalar(std::string_view text);

}  // namespace aisix::admin::file
