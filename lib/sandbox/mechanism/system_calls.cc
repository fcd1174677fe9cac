#include "lib/sandbox/mechanism/system_calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>

#include "lib/os/error.h"
#include "lib/sandbox/mechanism/call_groups.h"

// Sanitizers make system calls of their own: a binary that was built with one says so in its report.
#if defined(__SANITIZE_ADDRESS__)
#define AISIX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AISIX_SANITIZED 1
#endif
#endif

namespace aisix::sandbox {
namespace {

// pthread_create of the C library, bit for bit: a thread of this process, never a process or a namespace.
constexpr uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                  CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
// The kind of a socket without SOCK_NONBLOCK and SOCK_CLOEXEC.
constexpr uint64_t kSocketType = 0xf;

// What connections need. An option that is not here could connect (TCP_FASTOPEN_CONNECT), bind
// (IP_TRANSPARENT, SO_BINDTODEVICE), join the listeners (SO_REUSEPORT), load a program (SO_ATTACH_BPF) or
// change the protocol (TCP_ULP).
constexpr std::pair<uint64_t, uint64_t> kSocketOptions[] = {
    {IPPROTO_TCP, TCP_NODELAY},  // small answers leave at once
    {SOL_SOCKET, SO_LINGER},     // a reset instead of an orderly end
    {SOL_SOCKET, SO_KEEPALIVE},  // and the next three: dead peers are noticed
    {IPPROTO_TCP, TCP_KEEPIDLE},     {IPPROTO_TCP, TCP_KEEPINTVL}, {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},  // gRPC tries this one and the next on every descriptor
    {IPPROTO_TCP, TCP_INQ},
};

// Rules of one filter. Keeps the first failure.
class Rules {
 public:
  using Conditions = std::initializer_list<scmp_arg_cmp>;

  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  void Allow(std::span<const int> calls) {
    for (const int call : calls) Add(SCMP_ACT_ALLOW, call, {});
  }
  void Allow(int call, Conditions when) { Add(SCMP_ACT_ALLOW, call, when); }
  // The call fails with this error instead of killing the process.
  void Refuse(std::span<const int> calls, int error) {
    for (const int call : calls) Refuse(call, error, {});
  }
  void Refuse(int call, int error, Conditions when) {
    Add(SCMP_ACT_ERRNO(static_cast<uint32_t>(error)), call, when);
  }
  int error() const { return error_; }

 private:
  void Add(uint32_t action, int call, Conditions when) {
    if (call < 0) return;  // this processor has no such call
    const int result =
        seccomp_rule_add_array(context_, action, call, static_cast<unsigned>(when.size()), when.begin());
    if (result < 0 && error_ == 0) error_ = -result;
  }

  scmp_filter_ctx context_;
  int error_ = 0;
};

// Conditions. `argument` counts from 0.
scmp_arg_cmp Is(unsigned argument, uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp IsNot(unsigned argument, uint64_t value) {
  return {argument, SCMP_CMP_NE, value, 0};
}
scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
scmp_arg_cmp Without(unsigned argument, uint64_t flag) {
  return Masked(argument, flag, 0);
}
scmp_arg_cmp With(unsigned argument, uint64_t flag) {
  return Masked(argument, flag, flag);
}

void AddMemory(Rules& rules) {
  // Memory never becomes code.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    rules.Allow(call, {Without(2, PROT_EXEC)});
    rules.Refuse(call, EACCES, {With(2, PROT_EXEC)});
  }
}

void AddThreads(Rules& rules) {
  rules.Allow(SCMP_SYS(clone), {Is(0, kThreadFlags)});
  // Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
  rules.Refuse(SCMP_SYS(clone3), ENOSYS, {});
  // Signals to itself: abort.
  const auto own_pid = static_cast<uint64_t>(::getpid());
  rules.Allow(SCMP_SYS(tgkill), {Is(0, own_pid)});
  rules.Refuse(SCMP_SYS(tgkill), EPERM, {IsNot(0, own_pid)});
  // Its own limits, to read: how many files it may open.
  rules.Allow(SCMP_SYS(prlimit64), {Is(0, 0), Is(2, 0)});
  rules.Refuse(SCMP_SYS(prlimit64), EPERM, {IsNot(0, 0)});
  rules.Refuse(SCMP_SYS(prlimit64), EPERM, {Is(0, 0), IsNot(2, 0)});
  rules.Allow(SCMP_SYS(prctl), {Is(0, PR_SET_NAME)});  // of a thread
}

void AddDescriptors(Rules& rules) {
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_GETFL)});
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_SETFL), Without(2, O_ASYNC)});  // O_ASYNC: signals to others
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_GETFD)});
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_SETFD)});
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_DUPFD_CLOEXEC)});
  rules.Allow(SCMP_SYS(fcntl), {Is(1, F_GET_SEALS)});
  rules.Allow(SCMP_SYS(ioctl), {Is(1, FIONBIO)});
  rules.Allow(SCMP_SYS(ioctl), {Is(1, FIONREAD)});
  rules.Refuse(SCMP_SYS(ioctl), ENOTTY, {Is(1, TCGETS)});  // isatty
}

void AddSockets(Rules& rules) {
  // MSG_FASTOPEN connects: through it a process without connect would reach the network.
  rules.Allow(SCMP_SYS(sendmsg), {Without(2, MSG_FASTOPEN)});
  rules.Refuse(SCMP_SYS(sendmsg), EACCES, {With(2, MSG_FASTOPEN)});
  for (const auto& [level, option] : kSocketOptions) {
    rules.Allow(SCMP_SYS(setsockopt), {Is(1, level), Is(2, option)});
  }
  rules.Refuse(calls::kListening, EACCES);
}

void AddNetwork(Rules& rules, Network network) {
  if (network == Network::kGiven) {
    rules.Refuse(calls::kNewSockets, EACCES);
    return;
  }
  rules.Allow(calls::kDial);
  rules.Allow(SCMP_SYS(sendto), {Without(3, MSG_FASTOPEN)});
  for (const uint64_t family : {AF_INET, AF_INET6}) {
    for (const uint64_t type : {SOCK_STREAM, SOCK_DGRAM}) {
      // Protocol 0: neither MPTCP, which Landlock does not see, nor raw packets.
      rules.Allow(SCMP_SYS(socket), {Is(0, family), Masked(1, kSocketType, type), Is(2, 0)});
    }
  }
  for (const uint64_t family : {AF_UNIX, AF_NETLINK}) rules.Refuse(SCMP_SYS(socket), EACCES, {Is(0, family)});
}

void AddPairs(Rules& rules, Pairs pairs) {
  if (pairs == Pairs::kNone) return;
  // Never SOCK_DGRAM: such a socket sends to any path.
  rules.Allow(SCMP_SYS(socketpair), {Is(0, AF_UNIX), Masked(1, kSocketType, SOCK_STREAM), Is(2, 0)});
}

void AddFiles(Rules& rules, Files files) {
  if (files == Files::kStateDirectory) {
    rules.Allow(calls::kStateDirectory);
    // Landlock does not look at a path that is only named.
    rules.Allow(SCMP_SYS(openat), {Without(2, O_PATH)});
    rules.Refuse(SCMP_SYS(openat), EACCES, {With(2, O_PATH)});
  }
  for (const int call : calls::kPaths) {
    if (call == SCMP_SYS(openat) && files == Files::kStateDirectory) continue;
    rules.Refuse(call, EACCES, {});
  }
}

#ifdef AISIX_SANITIZED
// The search for leaks at the end would start a process that traces this one: there is none behind the lock.
std::atomic<bool> locked{false};

constexpr std::string_view kAddition = "; more calls for the sanitizer";

void AddSanitizer(Rules& rules) {
  constexpr int kCalls[] = {
      SCMP_SYS(sigaltstack),  // each thread reports on a stack of its own
      SCMP_SYS(pipe),         // whether memory is readable is tried with write
  };
  rules.Allow(kCalls);
  rules.Allow(SCMP_SYS(prctl), {Is(0, PR_SET_VMA)});  // names of mappings
  locked = true;
}
#else
constexpr std::string_view kAddition = "";

void AddSanitizer(Rules&) {}
#endif

Measure Absent(int error) {
  std::string reason = os::ErrorText(error);
  if (error == EINVAL || error == ENOSYS)
    reason = "the kernel does not have it, or a container runtime hides it";
  return {std::string(kSeccomp), State::kAbsent, std::move(reason)};
}

}  // namespace

#ifdef AISIX_SANITIZED
extern "C" int __lsan_is_turned_off() {  // asked at the end of the process
  return locked ? 1 : 0;
}
#endif

Measure RestrictSystemCalls(const Profile& profile) {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context(seccomp_init(SCMP_ACT_KILL_PROCESS),
                                                                 &seccomp_release);
  // The library asks the kernel whether it knows this action.
  if (context == nullptr) return Absent(ENOSYS);
  // A call through another interface of the processor (32 bits) kills, too.
  int result = seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (result == 0) result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  // A search tree: no call of the allow-list costs more than a few steps more than another.
  if (result == 0) result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result != 0) return Absent(-result);

  Rules rules(context.get());
  for (const std::span<const int> group :
       {std::span<const int>(calls::kTraffic), std::span<const int>(calls::kConnections),
        std::span<const int>(calls::kWaiting), std::span<const int>(calls::kWakeUps),
        std::span<const int>(calls::kOpenFiles), std::span<const int>(calls::kMemory),
        std::span<const int>(calls::kThreads), std::span<const int>(calls::kSignals),
        std::span<const int>(calls::kQuestions)}) {
    rules.Allow(group);
  }
  if (profile.listeners == Listeners::kAccept) rules.Allow(calls::kAccept);
  AddMemory(rules);
  AddThreads(rules);
  AddDescriptors(rules);
  AddSockets(rules);
  AddNetwork(rules, profile.network);
  AddPairs(rules, profile.pairs);
  AddFiles(rules, profile.files);
  AddSanitizer(rules);
  if (rules.error() != 0) return Absent(rules.error());
  if (result = seccomp_load(context.get()); result != 0) return Absent(-result);
  return {std::string(kSeccomp), State::kFull,
          "allow-list, any other call kills the process" + std::string(kAddition)};
}

}  // namespace aisix::sandbox
