#include "supervisor/listen/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>

namespace aisix::supervisor {
namespace {

struct Sets {
  uint64_t effective = 0, permitted = 0, inheritable = 0;
};

Sets ReadSets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  ::syscall(SYS_capget, &header, data);
  const auto whole = [](uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; };
  return {whole(data[0].effective, data[1].effective), whole(data[0].permitted, data[1].permitted),
          whole(data[0].inheritable, data[1].inheritable)};
}

constexpr uint64_t kBind = uint64_t{1} << CAP_NET_BIND_SERVICE;

// In a process of its own: what is given up does not come back. 0: as expected, else a number of a check.
int InChild(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Capabilities, OnlyTheOneForLowPortsIsKeptAndIsNotEffective) {
  if ((ReadSets().permitted & kBind) == 0) GTEST_SKIP() << "this process may not have CAP_NET_BIND_SERVICE";
  EXPECT_EQ(InChild([] {
              if (!ReadBindPrivilege().permitted) return 1;
              if (!KeepOnlyBindCapability().ok()) return 2;
              Sets sets = ReadSets();
              if (sets.permitted != kBind || sets.effective != 0 || sets.inheritable != 0) return 3;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 4;
              if (!RaiseBindCapability() || ReadSets().effective != kBind) return 5;
              LowerBindCapability();
              if (ReadSets().effective != 0) return 6;
              if (!DropCapabilities().ok()) return 7;
              sets = ReadSets();
              if (sets.permitted != 0 || sets.effective != 0 || sets.inheritable != 0) return 8;
              return RaiseBindCapability() ? 9 : 0;
            }),
            0);
}

TEST(Capabilities, TheBoundingSetIsEmptiedWhereThatIsAllowed) {
  if ((ReadSets().effective & uint64_t{1} << CAP_SETPCAP) == 0) GTEST_SKIP() << "needs CAP_SETPCAP";
  EXPECT_EQ(InChild([] {
              if (!KeepOnlyBindCapability().ok()) return 1;
              for (unsigned long capability = 0; capability <= CAP_LAST_CAP; ++capability) {
                if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) return 2;
              }
              return ReadBindPrivilege().in_bounding_set ? 3 : 0;
            }),
            0);
}

TEST(Capabilities, NothingToGiveUpIsNoError) {
  EXPECT_EQ(InChild([] {
              if (!DropCapabilities().ok()) return 1;
              if (!KeepOnlyBindCapability().ok()) return 2;
              if (!KeepOnlyBindCapability().ok()) return 3;
              const BindPrivilege privilege = ReadBindPrivilege();
              return privilege.permitted || !privilege.no_new_privs ? 4 : 0;
            }),
            0);
}

}  // namespace
}  // namespace aisix::supervisor
