// The variables that the supervisor was started with: they hold secrets, and it wants none.
#pragma once

#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

// Copies the environment to a sealed file (control::EncodeEnvironment) and overwrites it in this process,
// also where /proc/self/environ looks. What is for this program alone stays behind: AISIX_CONFIG_PATH (spec
// 01 §3.1; the configuration would refuse it) and kServiceVariables. Call it before there are threads.
absl::StatusOr<os::UniqueFd> TakeEnvironment();

}  // namespace aisix::supervisor
