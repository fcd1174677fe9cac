// A process of its own that locks itself and then does something: there is no way back from a lock.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "lib/sandbox/lock.h"

namespace aisix::sandbox {

inline constexpr int kNotLocked = 99;

// The wait status of a child that was locked and then ended with what `check` returned.
inline int StatusAfterLock(const Profile& profile, const LockOptions& options,
                           const std::function<int(const Report&)>& check) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    absl::StatusOr<Report> report = Lock(profile, options);
    ::_exit(report.ok() ? check(*report) : kNotLocked);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

// The same for a check that ends by itself; -1: it was killed.
inline int AfterLock(const Profile& profile, const LockOptions& options,
                     const std::function<int(const Report&)>& check) {
  const int status = StatusAfterLock(profile, options, check);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline const Measure* Find(const Report& report, std::string_view mechanism) {
  for (const Measure& measure : report.measures) {
    if (measure.mechanism == mechanism) return &measure;
  }
  return nullptr;
}

}  // namespace aisix::sandbox
