#include "supervisor/run/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::supervisor {

absl::StatusOr<Signals> Signals::Create() {
  sigset_t numbers;
  ::sigemptyset(&numbers);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR2}) ::sigaddset(&numbers, number);
  if (::sigprocmask(SIG_BLOCK, &numbers, nullptr) != 0) return os::ErrorStatus(errno, "sigprocmask");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  // Whoever started this process may have ignored it, and then children would vanish without a word.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &standard, nullptr);
  os::UniqueFd fd(::signalfd(-1, &numbers, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return os::ErrorStatus(errno, "signalfd");
  return Signals(std::move(fd));
}

std::vector<int> Signals::Take() {
  std::vector<int> numbers;
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    numbers.push_back(static_cast<int>(info.ssi_signo));
  }
  return numbers;
}

void DieOfSignal(int number) {
  ::signal(number, SIG_DFL);
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, number);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
  ::raise(number);
  ::_exit(128 + number);
}

}  // namespace aisix::supervisor
