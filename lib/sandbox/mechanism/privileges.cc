#include "lib/sandbox/mechanism/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "lib/os/error.h"

namespace aisix::sandbox {
namespace {

constexpr int kHighestCapability = 63;  // two 32-bit words; the kernel refuses what it does not know

Measure Made(std::string_view mechanism, State state, std::string reason) {
  return {std::string(mechanism), state, std::move(reason)};
}

Measure Failed(std::string_view mechanism, std::string_view call) {
  return Made(mechanism, State::kAbsent, std::string(call) + ": " + os::ErrorText(errno));
}

}  // namespace

Measure ForbidCoreDumps() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return Failed(kCoreDumps, "RLIMIT_CORE");
  // A piped core_pattern ignores the limit; this one it obeys.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failed(kCoreDumps, "PR_SET_DUMPABLE");
  return Made(kCoreDumps, State::kFull, "off, not dumpable");
}

Measure ForbidNewPrivileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed(kNoNewPrivileges, "PR_SET_NO_NEW_PRIVS");
  return Made(kNoNewPrivileges, State::kFull, "set");
}

Measure EmptyBoundingSet() {
  for (int capability = 0; capability <= kHighestCapability; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0) break;  // beyond the last one that the kernel knows
    if (held == 1 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      return Made(kBoundingSet, State::kPartial, "no CAP_SETPCAP to empty it; no_new_privs makes it inert");
    }
  }
  return Made(kBoundingSet, State::kFull, "empty");
}

Measure EmptyCapabilitySets() {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return Failed(kCapabilities, "PR_CAP_AMBIENT_CLEAR_ALL");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return Failed(kCapabilities, "capset");
  return Made(kCapabilities, State::kFull, "permitted, effective, inheritable and ambient are empty");
}

std::vector<Measure> ReadPrivileges() {
  std::vector<Measure> measures;
  rlimit core{1, 1};
  ::getrlimit(RLIMIT_CORE, &core);
  const bool closed = core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
  measures.push_back(closed ? Made(kCoreDumps, State::kFull, "off, not dumpable")
                            : Made(kCoreDumps, State::kAbsent, "dumpable"));

  const bool bounded = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  measures.push_back(bounded ? Made(kNoNewPrivileges, State::kFull, "set")
                             : Made(kNoNewPrivileges, State::kAbsent, "not set"));

  int left = 0;
  for (int capability = 0; capability <= kHighestCapability; ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) ++left;
  }
  if (left == 0) {
    measures.push_back(Made(kBoundingSet, State::kFull, "empty"));
  } else {
    measures.push_back(
        Made(kBoundingSet, bounded ? State::kPartial : State::kAbsent,
             "no CAP_SETPCAP to empty it" + std::string(bounded ? "; no_new_privs makes it inert" : "")));
  }

  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, held) != 0) {
    measures.push_back(Failed(kCapabilities, "capget"));
    return measures;
  }
  bool any = false;
  bool only_bind = true;
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    const uint32_t sets = held[word].permitted | held[word].effective | held[word].inheritable;
    any = any || sets != 0;
    if (sets != (word == 0 ? sets & (1U << CAP_NET_BIND_SERVICE) : 0)) only_bind = false;
  }
  if (!any) {
    measures.push_back(Made(kCapabilities, State::kFull, "permitted, effective and inheritable are empty"));
  } else {
    measures.push_back(only_bind ? Made(kCapabilities, State::kPartial, "CAP_NET_BIND_SERVICE alone")
                                 : Made(kCapabilities, State::kAbsent, "some are held"));
  }
  return measures;
}

}  // namespace aisix::sandbox
