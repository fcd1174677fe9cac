#include "lib/sandbox/lock.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>

namespace aisix::sandbox {
namespace {

// Runs `check` in a process of its own, which locks itself first: there is no way back. 0: it passed.
int AfterLock(const std::function<int(const Report&)>& check) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    absl::StatusOr<Report> report = Lock(kProxyProfile, {});
    ::_exit(report.ok() ? check(*report) : 99);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The value of one line of /proc/self/status.
std::string StatusLine(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

TEST(Lock, EmptiesTheCapabilitySets) {
  EXPECT_EQ(AfterLock([](const Report&) {
              int wrong = 0;
              for (const char* name : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
                if (StatusLine(name) != "0000000000000000") ++wrong;
              }
              return wrong;
            }),
            0);
}

TEST(Lock, ReportsTheBoundingSetAsItIs) {
  EXPECT_EQ(AfterLock([](const Report& report) {
              for (const Measure& measure : report.measures) {
                if (measure.mechanism == kBoundingSet) {
                  return (measure.state == State::kFull) == (StatusLine("CapBnd") == "0000000000000000") ? 0 : 1;
                }
              }
              return 2;
            }),
            0);
}

TEST(Lock, ForbidsNewPrivilegesAndCoreDumps) {
  EXPECT_EQ(AfterLock([](const Report&) {
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 1;
              if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
              rlimit core{1, 1};
              ::getrlimit(RLIMIT_CORE, &core);
              return core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace aisix::sandbox
