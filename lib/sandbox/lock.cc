#include "lib/sandbox/lock.h"

#include <linux/capability.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/os/error.h"

namespace aisix::sandbox {
namespace {

constexpr int kHighestCapability = 63;  // two 32-bit words; the kernel refuses what it does not know

absl::Status NoCoreDumps() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return os::ErrorStatus(errno, "RLIMIT_CORE");
  // A piped core_pattern ignores the limit; this one it obeys. It also keeps other processes of the same
  // user away from /proc/<pid>/mem and ptrace.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os::ErrorStatus(errno, "PR_SET_DUMPABLE");
  return absl::OkStatus();
}

absl::Status NoNewPrivileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os::ErrorStatus(errno, "PR_SET_NO_NEW_PRIVS");
  return absl::OkStatus();
}

// Needs CAP_SETPCAP, so it comes before the sets are emptied.
Measure EmptyBoundingSet() {
  Measure measure{std::string(kBoundingSet), State::kFull, "empty"};
  for (int capability = 0; capability <= kHighestCapability; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0) break;  // beyond the last one that the kernel knows
    if (held == 1 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      measure.state = State::kPartial;
      measure.reason = "no CAP_SETPCAP to empty it; no_new_privs makes it inert";
    }
  }
  return measure;
}

absl::Status EmptyCapabilitySets() {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return os::ErrorStatus(errno, "PR_CAP_AMBIENT_CLEAR_ALL");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return os::ErrorStatus(errno, "capset");
  return absl::OkStatus();
}

}  // namespace

Measure CloseStrayDescriptors(int first) {
  if (::close_range(static_cast<unsigned>(first), ~0U, 0) != 0) {
    return {std::string(kDescriptors), State::kAbsent, os::ErrorText(errno)};
  }
  return {std::string(kDescriptors), State::kFull, "only those that were granted are open"};
}

absl::StatusOr<Report> Lock(const Profile&, const LockOptions& options) {
  Report report;
  report.measures = options.earlier;
  if (absl::Status status = NoCoreDumps(); !status.ok()) return status;
  report.measures.push_back({std::string(kCoreDumps), State::kFull, "off, not dumpable"});
  if (absl::Status status = NoNewPrivileges(); !status.ok()) return status;
  report.measures.push_back({std::string(kNoNewPrivileges), State::kFull, "set"});
  report.measures.push_back(EmptyBoundingSet());
  if (absl::Status status = EmptyCapabilitySets(); !status.ok()) return status;
  report.measures.push_back(
      {std::string(kCapabilities), State::kFull, "permitted, effective, inheritable and ambient are empty"});
  return report;
}

}  // namespace aisix::sandbox
