// Gives up, for the life of this process, what its zone does not need (DESIGN §1.3). Capability sets,
// no_new_privs and Landlock belong to one thread: lock in main() while there is only one.
//
//   const sandbox::Measure descriptors = sandbox::CloseStrayDescriptors(control::kControlSocket + 1);
//   …                                                     inherit, warm up
//   sandbox::LockOptions options;
//   options.enforce = config->common.isolation_enforce;
//   options.earlier = {descriptors};
//   absl::StatusOr<sandbox::Report> isolation = sandbox::Lock(sandbox::kProxyProfile, options);
//   …                                                     threads, gRPC
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/sandbox/profile.h"
#include "lib/sandbox/report.h"

namespace aisix::sandbox {

inline constexpr int kNewestLandlock = std::numeric_limits<int>::max();

struct LockOptions {
  // `isolation: enforce`: a mechanism that the kernel does not have is an error. Else it is reported as
  // absent.
  bool enforce = true;
  std::vector<uint16_t> connect_ports;  // Network::kDialPorts: TCP ports; none: as kGiven
  bool any_port = false;                // Network::kDialPorts: not these alone, but every one
  std::string state_directory;          // Files::kStateDirectory: absolute, exists; empty: none
  // Uses Landlock as a kernel with at most this ABI would; 0: as one without it.
  int landlock_abi_limit = kNewestLandlock;
  std::vector<Measure> earlier;  // taken before; they come first in the report
};

// The first thing in main(): closes every descriptor from `first` on, whatever the parent left open.
Measure CloseStrayDescriptors(int first);

// Locks this process and then tries some forbidden things. An error names the zone, the mechanism and what
// can be done about it: the process must not go on. After the lock a system call that the zone does not need
// kills the process (SIGSYS); one that libraries merely try answers with an error (opening a path: EACCES).
absl::StatusOr<Report> Lock(const Profile& profile, const LockOptions& options);

}  // namespace aisix::sandbox
