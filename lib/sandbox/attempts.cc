#include "lib/sandbox/attempts.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

#include "lib/os/unique_fd.h"

namespace aisix::sandbox {
namespace {

// 0: it was possible; else errno.
using Action = std::function<int()>;

int ErrnoOf(long result) {
  return result < 0 ? errno : 0;
}

int OpenAndClose(const char* path, int flags) {
  const os::UniqueFd fd(::open(path, flags | O_CLOEXEC, 0600));
  return fd.valid() ? 0 : errno;
}

int MakeSocket(int family, int type, int protocol) {
  const os::UniqueFd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  return fd.valid() ? 0 : errno;
}

int MapExecutable() {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  ::munmap(memory, page);
  return 0;
}

// A port of this host on which hardly anybody listens.
int ConnectTo(uint16_t port) {
  const os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ErrnoOf(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

// A wall answers with these. Everything else comes from behind it: the call was looked at.
bool IsRefusal(int error) {
  return error == EACCES || error == EPERM;
}

Attempt Try(const char* name, const Action& action) {
  const int error = action();
  Attempt attempt;
  attempt.name = name;
  attempt.refused = IsRefusal(error);
  const char* symbol = ::strerrorname_np(error);
  attempt.outcome = error == 0 ? "possible" : symbol != nullptr ? symbol : std::to_string(error);
  return attempt;
}

}  // namespace

std::vector<Attempt> TryForbidden(const Profile& profile, pid_t supervisor) {
  constexpr int kNoDescriptor = -1;
  constexpr uint16_t kPort = 1;
  std::vector<Attempt> attempts;
  const auto attempt = [&](const char* name, const Action& action) { attempts.push_back(Try(name, action)); };

  attempt("read /etc/passwd", [] { return OpenAndClose("/etc/passwd", O_RDONLY); });
  attempt("read its own environment", [] { return OpenAndClose("/proc/self/environ", O_RDONLY); });
  attempt("write a file in /tmp", [] { return OpenAndClose("/tmp", O_WRONLY | O_TMPFILE); });
  attempt("look at a path", [] {
    struct stat status {};
    return ErrnoOf(::stat("/", &status));
  });
  attempt("make memory executable", MapExecutable);
  attempt("signal its supervisor",
          [supervisor] { return ErrnoOf(::syscall(SYS_tgkill, supervisor, supervisor, 0)); });
  attempt("read its supervisor's limits", [supervisor] {
    rlimit limit{};
    return ErrnoOf(::syscall(SYS_prlimit64, supervisor, RLIMIT_NOFILE, nullptr, &limit));
  });
  attempt("bind a port", [] { return ErrnoOf(::bind(kNoDescriptor, nullptr, 0)); });
  attempt("listen on a socket", [] { return ErrnoOf(::listen(kNoDescriptor, 1)); });
  attempt("connect by sending", [] {
    const msghdr nothing{};
    return ErrnoOf(::sendmsg(kNoDescriptor, &nothing, MSG_FASTOPEN));
  });
  attempt("make a local socket", [] { return MakeSocket(AF_UNIX, SOCK_STREAM, 0); });
  attempt("make a netlink socket", [] { return MakeSocket(AF_NETLINK, SOCK_RAW, 0); });
  if (profile.network == Network::kGiven) {
    attempt("make a TCP socket", [] { return MakeSocket(AF_INET, SOCK_STREAM, 0); });
    attempt("connect a socket", [] { return ErrnoOf(::connect(kNoDescriptor, nullptr, 0)); });
  }
  if (profile.network == Network::kDialPorts) {
    attempt("connect to a port that is not configured", [] { return ConnectTo(kPort); });
  }
  return attempts;
}

}  // namespace aisix::sandbox
