// What the supervisor uses of the host, told to the metrics zone: nobody can ask the supervisor (DESIGN
// §1.1).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/os/process_stats.h"

namespace aisix::control {

// The text of kFigures: a line `name value` for each member.
std::string EncodeFigures(const os::ProcessSample& sample);

// Names that are not known are skipped, those that are missing stay 0: the other end may be of another build.
// INVALID_ARGUMENT: a line that is none.
absl::StatusOr<os::ProcessSample> DecodeFigures(std::string_view text);

}  // namespace aisix::control
