#include "supervisor/listen/capabilities.h"

#include <endian.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::supervisor {
namespace {

constexpr uint32_t kBindBit = 1U << CAP_NET_BIND_SERVICE;

struct Sets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

  bool Read() { return ::syscall(SYS_capget, &header, data) == 0; }
  bool Write() { return ::syscall(SYS_capset, &header, data) == 0; }
};

bool FileHasBindCapability() {
  // Revisions 2 and 3 begin alike; the older one had a single word.
  vfs_ns_cap_data data{};
  const ssize_t size = ::getxattr("/proc/self/exe", "security.capability", &data, sizeof(data));
  if (size < static_cast<ssize_t>(XATTR_CAPS_SZ_1)) return false;
  return (le32toh(data.data[0].permitted) & kBindBit) != 0;
}

// Without CAP_SETPCAP nothing happens: no_new_privs makes the set inert.
absl::Status EmptyBoundingSet() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EPERM) return absl::OkStatus();
    return os::ErrorStatus(errno, "PR_CAPBSET_DROP");
  }
  return absl::OkStatus();
}

absl::Status EmptyAmbientSet() {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return os::ErrorStatus(errno, "PR_CAP_AMBIENT_CLEAR_ALL");
  }
  return absl::OkStatus();
}

bool SetEffective(bool on) {
  Sets sets;
  if (!sets.Read() || (sets.data[0].permitted & kBindBit) == 0) return false;
  sets.data[0].effective = on ? kBindBit : 0;
  sets.data[1].effective = 0;
  return sets.Write();
}

}  // namespace

BindPrivilege ReadBindPrivilege() {
  BindPrivilege privilege;
  Sets sets;
  privilege.permitted = sets.Read() && (sets.data[0].permitted & kBindBit) != 0;
  privilege.in_bounding_set = ::prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0) == 1;
  privilege.no_new_privs = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  privilege.in_file = FileHasBindCapability();
  return privilege;
}

absl::Status KeepOnlyBindCapability() {
  if (absl::Status status = EmptyBoundingSet(); !status.ok()) return status;
  if (absl::Status status = EmptyAmbientSet(); !status.ok()) return status;
  Sets sets;
  if (!sets.Read()) return os::ErrorStatus(errno, "capget");
  const uint32_t kept = sets.data[0].permitted & kBindBit;
  Sets fewer;
  fewer.data[0].permitted = kept;
  if (!fewer.Write()) return os::ErrorStatus(errno, "capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os::ErrorStatus(errno, "PR_SET_NO_NEW_PRIVS");
  return absl::OkStatus();
}

bool RaiseBindCapability() {
  return SetEffective(true);
}

void LowerBindCapability() {
  SetEffective(false);
}

absl::Status DropCapabilities() {
  if (absl::Status status = EmptyAmbientSet(); !status.ok()) return status;
  Sets none;
  if (!none.Write()) return os::ErrorStatus(errno, "capset");
  return absl::OkStatus();
}

}  // namespace aisix::supervisor
