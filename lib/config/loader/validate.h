// Checks of values, in the order in which the first failure is reported (spec 01 §6).
#pragma once

#include "absl/status/status.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {

// Checks everything, and brings addresses, networks, header names and patterns into their canonical form.
// The error is the text behind `failed to load configuration: `.
absl::Status Validate(Settings& settings);

}  // namespace aisix::config
