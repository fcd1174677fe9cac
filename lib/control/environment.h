// The environment variables that one zone may see, as text of a sealed file: NAME=value, each ended by NUL
// (values may hold any other byte).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::control {

using Environment = std::map<std::string, std::string>;

std::string EncodeEnvironment(const Environment& environment);

// A text without the final NUL or with an entry without `=`: INVALID_ARGUMENT.
absl::StatusOr<Environment> DecodeEnvironment(std::string_view text);

}  // namespace aisix::control
