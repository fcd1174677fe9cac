// JSON inside a string value: how lists of objects come through the environment (spec 01 §3.2).
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "lib/config/loader/value.h"

namespace aisix::config {

// Any JSON value. The error is the parser's message.
absl::StatusOr<Value> ParseJsonValue(std::string_view text, std::string_view origin);

}  // namespace aisix::config
