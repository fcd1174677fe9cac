#include "supervisor/process/exit.h"

#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

namespace aisix::supervisor {

Exit DescribeExit(int status) {
  if (!WIFSIGNALED(status)) {
    const int code = WEXITSTATUS(status);
    return {fmt::format("exit code {}", code), fmt::format("exit_{}", code), code == 0};
  }
  const int number = WTERMSIG(status);
  if (number == SIGSYS) {
    return {
        "seccomp: it made a system call that its zone may not make (signal SIGSYS; the kernel log has the "
        "number, type=1326)",
        "seccomp", false};
  }
  const char* name = ::sigabbrev_np(number);
  if (name == nullptr) return {fmt::format("signal {}", number), fmt::format("signal_{}", number), false};
  return {fmt::format("signal SIG{} ({})", name, number), fmt::format("SIG{}", name), false};
}

}  // namespace aisix::supervisor
