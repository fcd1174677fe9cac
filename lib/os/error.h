// Texts of operating system errors, as callers of the gateway's command line see them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace aisix::os {

// "Permission denied (os error 13)"
std::string ErrorText(int error_number);

// UNAVAILABLE, NOT_FOUND … as absl maps errno, with "what: Permission denied (os error 13)".
absl::Status ErrorStatus(int error_number, std::string_view what);

}  // namespace aisix::os
