// RFC 3339 date-times (spec 03 §1.3: `date-time` is asserted).
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace aisix::model::decode {

// A full RFC 3339 date-time: `T` or `t` or a space between date and time, `Z`, `z` or a numeric offset, any
// number of digits of a second, leap seconds at :60. Anything else, also an impossible date, is nullopt.
std::optional<absl::Time> ParseTimestamp(std::string_view text);

}  // namespace aisix::model::decode
