// The one capability that the supervisor can use, and giving it up (DESIGN §1.2).
#pragma once

#include "absl/status/status.h"

namespace aisix::supervisor {

// Makes a permitted CAP_NET_BIND_SERVICE effective. False: it is not permitted.
bool RaiseBindCapability();

// Empties the ambient, permitted, effective and inheritable sets of this process, for good.
absl::Status DropCapabilities();

}  // namespace aisix::supervisor
