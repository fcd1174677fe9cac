// Start-up keys from the environment: AISIX_PROXY__ADDR is proxy.addr (spec 01 §3.2–3.4).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "lib/config/loader/value.h"

namespace aisix::config {

using Environment = std::map<std::string, std::string>;

inline constexpr std::string_view kEnvironmentOrigin = "the environment";

// Guesses the type of a value by its text, in the order of spec 01 §3.2.
Value GuessType(std::string_view path, std::string_view text);

// Sets every AISIX_ variable into `root`, which must be a table. INVALID_ARGUMENT: a variable that is not
// UTF-8 (named, without its value).
absl::Status ApplyEnvironment(const Environment& environment, Value& root);

}  // namespace aisix::config
