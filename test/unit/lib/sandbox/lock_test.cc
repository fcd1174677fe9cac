#include "lib/sandbox/lock.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <string>

#include "lib/sandbox/mechanism/privileges.h"
#include "test/unit/lib/sandbox/locked_child.h"

namespace aisix::sandbox {
namespace {

const std::string* Line(const Report& report, std::string_view name) {
  for (const auto& [found, value] : report.kernel) {
    if (found == name) return &value;
  }
  return nullptr;
}

TEST(Lock, TheKernelConfirmsWhatIsReported) {
  for (const Profile& profile :
       {kProxyProfile, kAdminProfile, kMetricsProfile, kEgressProfile, kExporterProfile}) {
    EXPECT_EQ(AfterLock(profile, {},
                        [](const Report& report) {
                          for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
                            const std::string* value = Line(report, set);
                            if (value == nullptr || value->find_first_not_of('0') != std::string::npos)
                              return 1;
                          }
                          if (*Line(report, "NoNewPrivs") != "1" || *Line(report, "Seccomp") != "2") return 2;
                          const bool empty =
                              Line(report, "CapBnd")->find_first_not_of('0') == std::string::npos;
                          if ((Find(report, kBoundingSet)->state == State::kFull) != empty) return 3;
                          return Find(report, kSeccomp)->state == State::kFull ? 0 : 4;
                        }),
              0)
        << profile.zone;
  }
}

TEST(Lock, ForbidsNewPrivilegesAndCoreDumps) {
  rlimit core{1, 1};
  const auto check = [&core](const Report&) {
    ::getrlimit(RLIMIT_CORE, &core);  // prlimit64 of itself, to read: allowed
    return core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 1;
  };
  EXPECT_EQ(AfterLock(kProxyProfile, {}, check), 0);
}

TEST(Lock, PrivilegesAreReadAsTheyAre) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto state = [](std::string_view mechanism) {
      for (const Measure& measure : ReadPrivileges()) {
        if (measure.mechanism == mechanism) return measure.state;
      }
      return State::kAbsent;
    };
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (state(kCoreDumps) != State::kAbsent) ::_exit(1);
    (void)ForbidCoreDumps();
    if (state(kCoreDumps) != State::kFull) ::_exit(2);
    (void)ForbidNewPrivileges();
    if (state(kNoNewPrivileges) != State::kFull) ::_exit(3);
    const State bounded = EmptyBoundingSet().state;
    if (state(kBoundingSet) != bounded) ::_exit(4);
    (void)EmptyCapabilitySets();
    ::_exit(state(kCapabilities) == State::kFull ? 0 : 5);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Lock, EveryAttemptIsRefusedAndReported) {
  LockOptions options;
  options.connect_ports = {2379};
  for (const Profile& profile : {kProxyProfile, kAdminProfile, kMetricsProfile, kEgressProfile}) {
    EXPECT_EQ(AfterLock(profile, options,
                        [](const Report& report) {
                          if (report.attempts.size() < 10) return 1;
                          int possible = 0;
                          for (const Attempt& attempt : report.attempts) possible += attempt.refused ? 0 : 2;
                          return possible;
                        }),
              0)
        << profile.zone;
  }
}

TEST(Lock, EnforceFailsWithoutLandlockAndSaysWhatToDo) {
  LockOptions options;
  options.landlock_abi_limit = 0;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const absl::StatusOr<Report> report = Lock(kProxyProfile, options);
    if (report.ok()) ::_exit(1);
    const std::string text(report.status().message());
    for (const char* part : {"proxy zone", "landlock", "Linux 5.13", "best_effort"}) {
      if (text.find(part) == std::string::npos) ::_exit(2);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Lock, BestEffortReportsWhatIsMissing) {
  LockOptions options;
  options.enforce = false;
  options.landlock_abi_limit = 0;
  EXPECT_EQ(AfterLock(kEgressProfile, options,
                      [](const Report& report) {
                        if (report.enforced) return 1;
                        if (Find(report, kLandlock)->state != State::kAbsent) return 2;
                        return Find(report, kSeccomp)->state == State::kFull ? 0 : 3;
                      }),
            0);
}

TEST(Lock, AnOldLandlockIsPartialAndSaysWhatItLacks) {
  LockOptions options;
  options.landlock_abi_limit = 2;
  options.connect_ports = {2379};
  EXPECT_EQ(
      AfterLock(kAdminProfile, options,
                [](const Report& report) {
                  const Measure* landlock = Find(report, kLandlock);
                  if (landlock->state != State::kPartial) return 1;
                  for (const char* part : {"ABI 2", "truncation", "TCP ports", "signals", "but for TCP"}) {
                    if (landlock->reason.find(part) == std::string::npos) return 2;
                  }
                  return 0;
                }),
      0);
}

TEST(Lock, WhatWasMeasuredEarlierStandsFirst) {
  LockOptions options;
  options.earlier = {{std::string(kDescriptors), State::kFull, "test"}};
  EXPECT_EQ(
      AfterLock(kProxyProfile, options,
                [](const Report& report) { return report.measures[0].mechanism == kDescriptors ? 0 : 1; }),
      0);
}

}  // namespace
}  // namespace aisix::sandbox
