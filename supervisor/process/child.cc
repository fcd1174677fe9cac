#include "supervisor/process/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "lib/control/inherit.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {
namespace {

// Above every number that the child uses on purpose.
constexpr int kSafeDescriptor = 10;

// Pointers into `text`, whose entries end with NUL.
std::vector<char*> SplitEnvironment(std::string& text) {
  std::vector<char*> entries;
  for (size_t begin = 0; begin < text.size();) {
    entries.push_back(text.data() + begin);
    begin = text.find('\0', begin) + 1;
    if (begin == 0) break;
  }
  entries.push_back(nullptr);
  return entries;
}

void ResetSignals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR2, SIGPIPE}) ::sigaction(number, &ignore, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Runs in the child; returns errno when something failed.
int BecomeProgram(const ChildProgram& program, pid_t parent) {
  ResetSignals();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  if (::getppid() != parent) return ESRCH;  // it died before the line above

  if (program.max_files != 0) {
    const rlimit files{program.max_files, program.max_files};
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return errno;
  }
  std::string environment;
  if (program.environment >= 0) {
    absl::StatusOr<std::string> text = os::ReadAll(program.environment);
    if (!text.ok()) return EIO;
    environment = *std::move(text);
  }
  std::vector<char*> variables = SplitEnvironment(environment);
  std::vector<char*> arguments{const_cast<char*>(program.path.c_str())};
  for (const std::string& argument : program.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0) return errno;
  if (program.socket >= 0) {
    const int moved = ::fcntl(program.socket, F_DUPFD_CLOEXEC, kSafeDescriptor);
    if (moved < 0 || ::dup2(moved, control::kControlSocket) < 0) return errno;
  }
  // Close-on-exec instead of closed: the pipe that reports a failure must live until execve.
  const unsigned first = control::kControlSocket + (program.socket >= 0 ? 1 : 0);
  if (::close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return errno;
  ::execve(program.path.c_str(), arguments.data(), variables.data());
  return errno;
}

}  // namespace

absl::StatusOr<pid_t> StartChild(const ChildProgram& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os::ErrorStatus(errno, "pipe");
  os::UniqueFd report(ends[0]);
  os::UniqueFd failure(::fcntl(ends[1], F_DUPFD_CLOEXEC, kSafeDescriptor));
  ::close(ends[1]);
  if (!failure.valid()) return os::ErrorStatus(errno, "pipe");

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return os::ErrorStatus(errno, "fork");
  if (pid == 0) {
    const int error = BecomeProgram(program, parent);
    // Nobody reads it when the supervisor is gone.
    [[maybe_unused]] const ssize_t written = ::write(failure.get(), &error, sizeof(error));
    ::_exit(127);
  }
  failure.reset();
  int error = 0;
  ssize_t count;
  do {
    count = ::read(report.get(), &error, sizeof(error));
  } while (count < 0 && errno == EINTR);
  if (count == 0) return pid;  // closed by execve
  ::waitpid(pid, nullptr, 0);
  return os::ErrorStatus(error, program.path);
}

}  // namespace aisix::supervisor
