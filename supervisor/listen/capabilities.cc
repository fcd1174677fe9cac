#include "supervisor/listen/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::supervisor {
namespace {

struct Sets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
};

}  // namespace

bool RaiseBindCapability() {
  constexpr uint32_t kBit = 1U << CAP_NET_BIND_SERVICE;
  Sets sets;
  if (::syscall(SYS_capget, &sets.header, sets.data) != 0) return false;
  if ((sets.data[0].permitted & kBit) == 0) return false;
  sets.data[0].effective |= kBit;
  return ::syscall(SYS_capset, &sets.header, sets.data) == 0;
}

absl::Status DropCapabilities() {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return os::ErrorStatus(errno, "PR_CAP_AMBIENT_CLEAR_ALL");
  }
  Sets none;
  if (::syscall(SYS_capset, &none.header, none.data) != 0) return os::ErrorStatus(errno, "capset");
  return absl::OkStatus();
}

}  // namespace aisix::supervisor
