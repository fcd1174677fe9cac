// Landlock: no file by path, no TCP port, no signal and no abstract socket outside (DESIGN §1.3). Of all
// these seccomp forbids what it can see by itself; what only Landlock can tell apart is named in its reason.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/sandbox/profile.h"
#include "lib/sandbox/report.h"

namespace aisix::sandbox {

struct LandlockRules {
  Profile profile;
  std::vector<uint16_t> connect_ports;  // Network::kDialPorts
  std::string state_directory;          // Files::kStateDirectory
  int abi_limit = 0;                    // uses no more than this ABI has; 0: none
};

// Restricts the calling thread and what it starts; needs no_new_privs. "partial" for an ABI that lacks
// something, "absent" without Landlock. Error: the state directory cannot be opened.
absl::StatusOr<Measure> RestrictWithLandlock(const LandlockRules& rules);

// Whether the kernel, used with no more than `abi_limit`, has rules for TCP ports.
bool LandlockLimitsPorts(int abi_limit);

}  // namespace aisix::sandbox
