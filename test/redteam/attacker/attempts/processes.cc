// Other processes, new ones, other programs. Signals are probes (number 0): the permission is what counts.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/memfd.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <cstdint>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

char* const kNoStrings[] = {nullptr};

// A system call that returns twice.
long Forked(long result) {
  if (result == 0) ::_exit(0);
  return result;
}

long Clone(unsigned long flags) {
  return Forked(Call(SYS_clone, flags, nullptr, nullptr, nullptr, 0L));
}

long ExecuteMemory(const Scene&) {
  const long fd = Call(SYS_memfd_create, "program", MFD_CLOEXEC);
  if (fd < 0) return fd;
  return Call(SYS_execveat, fd, "", kNoStrings, kNoStrings, AT_EMPTY_PATH);
}

long ReadMemory(long call, const Scene& scene) {
  char here[16];
  iovec local{here, sizeof(here)};
  iovec remote{reinterpret_cast<void*>(0x10000), sizeof(here)};
  return Call(call, scene.Pid("sibling"), &local, 1L, &remote, 1L, 0L);
}

long Queue(long call, const Scene& scene, bool thread) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  const pid_t pid = scene.Pid("sibling");
  return thread ? Call(call, pid, pid, 0, &info) : Call(call, pid, 0, &info);
}

// The descriptor of the supervisor's process that a socket pair gives for the asking.
long SignalThroughPeer(const Scene&) {
  constexpr int kPeerPidFd = 77;  // SO_PEERPIDFD
  int pidfd = -1;
  socklen_t size = sizeof(pidfd);
  static_cast<void>(Call(SYS_getsockopt, 3, 1, kPeerPidFd, &pidfd, &size));
  return Call(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0);
}

long CoreDump(const Scene&) {
  ::signal(SIGSEGV, SIG_DFL);
  *reinterpret_cast<volatile int*>(8) = 1;
  return 0;
}

constexpr Attempt kAttempts[] = {
    {"execve /bin/true", [](const Scene&) { return Call(SYS_execve, "/bin/true", kNoStrings, kNoStrings); }},
    {"execveat /bin/true",
     [](const Scene&) { return Call(SYS_execveat, AT_FDCWD, "/bin/true", kNoStrings, kNoStrings, 0); }},
    {"execute a memory file", ExecuteMemory},
    {"fork", [](const Scene&) { return Forked(Call(SYS_fork)); }},
    {"vfork",
     [](const Scene&) {
       const pid_t pid = ::vfork();
       if (pid == 0) ::_exit(0);
       return static_cast<long>(pid);
     }},
    {"clone a process", [](const Scene&) { return Clone(SIGCHLD); }},
    {"clone a process that shares memory",
     [](const Scene&) {
       return Forked(Call(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, nullptr, nullptr, nullptr, 0L));
     }},
    {"clone3",
     [](const Scene&) {
       clone_args arguments{};
       arguments.exit_signal = SIGCHLD;
       return Forked(Call(SYS_clone3, &arguments, sizeof(arguments)));
     }},
    {"clone into a user namespace", [](const Scene&) { return Clone(CLONE_NEWUSER | SIGCHLD); }},
    {"clone into a process namespace", [](const Scene&) { return Clone(CLONE_NEWPID | SIGCHLD); }},
    {"clone with the parent of the parent", [](const Scene&) { return Clone(CLONE_PARENT | SIGCHLD); }},
    {"unshare the user namespace", [](const Scene&) { return Call(SYS_unshare, CLONE_NEWUSER); }},
    {"unshare the mount namespace", [](const Scene&) { return Call(SYS_unshare, CLONE_NEWNS); }},
    {"unshare the network namespace", [](const Scene&) { return Call(SYS_unshare, CLONE_NEWNET); }},
    {"unshare the descriptors", [](const Scene&) { return Call(SYS_unshare, CLONE_FILES); }},
    {"setns", [](const Scene&) { return Call(SYS_setns, -1, 0); }},
    {"ptrace another zone",
     [](const Scene& s) { return Call(SYS_ptrace, PTRACE_SEIZE, s.Pid("sibling"), nullptr, nullptr); }},
    {"ptrace the supervisor",
     [](const Scene& s) { return Call(SYS_ptrace, PTRACE_SEIZE, s.Pid("supervisor"), nullptr, nullptr); }},
    {"be traced", [](const Scene&) { return Call(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr); }},
    {"process_vm_readv", [](const Scene& s) { return ReadMemory(SYS_process_vm_readv, s); }},
    {"process_vm_writev", [](const Scene& s) { return ReadMemory(SYS_process_vm_writev, s); }},
    {"process_madvise", [](const Scene&) { return Call(SYS_process_madvise, -1, nullptr, 0L, 0, 0); }},
    {"process_mrelease", [](const Scene&) { return Call(SYS_process_mrelease, -1, 0); }},
    {"kcmp with another zone",
     [](const Scene& s) { return Call(SYS_kcmp, s.Pid("supervisor"), s.Pid("sibling"), 0, 3L, 3L); }},
    {"pidfd_open another zone", [](const Scene& s) { return Call(SYS_pidfd_open, s.Pid("sibling"), 0); }},
    {"pidfd_getfd", [](const Scene&) { return Call(SYS_pidfd_getfd, -1, 3, 0); }},
    {"signal the supervisor through its socket", SignalThroughPeer},
    {"kill another zone", [](const Scene& s) { return Call(SYS_kill, s.Pid("sibling"), 0); }},
    {"kill the supervisor", [](const Scene& s) { return Call(SYS_kill, s.Pid("supervisor"), 0); }},
    {"kill everybody", [](const Scene&) { return Call(SYS_kill, -1, 0); }},
    {"kill its process group", [](const Scene&) { return Call(SYS_kill, 0, 0); }},
    {"tkill another zone", [](const Scene& s) { return Call(SYS_tkill, s.Pid("sibling"), 0); }},
    {"tgkill another zone",
     [](const Scene& s) { return Call(SYS_tgkill, s.Pid("sibling"), s.Pid("sibling"), 0); }},
    {"tgkill another zone with high bits in its number",
     [](const Scene& s) {
       // A filter that compares 64 bits and a kernel that reads 32 must not disagree.
       return Call(SYS_tgkill, static_cast<long>(s.Pid("sibling")) | 1L << 32,
                   static_cast<long>(s.Pid("sibling")), 0L);
     }},
    {"rt_sigqueueinfo to another zone", [](const Scene& s) { return Queue(SYS_rt_sigqueueinfo, s, false); }},
    {"rt_tgsigqueueinfo to another zone",
     [](const Scene& s) { return Queue(SYS_rt_tgsigqueueinfo, s, true); }},
    {"prlimit another zone",
     [](const Scene& s) {
       const rlimit same{0, 0};
       return Call(SYS_prlimit64, s.Pid("sibling"), RLIMIT_NICE, &same, nullptr);
     }},
    {"prlimit with high bits in the number",
     [](const Scene& s) {
       const rlimit same{0, 0};
       return Call(SYS_prlimit64, static_cast<long>(s.Pid("sibling")) | 1L << 32, RLIMIT_NICE, &same,
                   nullptr);
     }},
    {"raise the limit of core files",
     [](const Scene&) {
       const rlimit more{1, 0};  // more than the hard limit: also wrong where it may be set
       return Call(SYS_prlimit64, 0, RLIMIT_CORE, &more, nullptr);
     }},
    {"setrlimit",
     [](const Scene&) {
       const rlimit none{0, 0};
       return Call(SYS_setrlimit, RLIMIT_CORE, &none);
     }},
    {"sched_setaffinity of another zone",
     [](const Scene& s) {
       const uint64_t all[16] = {~0UL, ~0UL, ~0UL, ~0UL};
       return Call(SYS_sched_setaffinity, s.Pid("sibling"), sizeof(all), all);
     }},
    {"sched_setscheduler of another zone",
     [](const Scene& s) {
       const sched_param ordinary{};
       return Call(SYS_sched_setscheduler, s.Pid("sibling"), SCHED_OTHER, &ordinary);
     }},
    {"sched_setparam of another zone",
     [](const Scene& s) {
       const sched_param ordinary{};
       return Call(SYS_sched_setparam, s.Pid("sibling"), &ordinary);
     }},
    {"sched_setattr of another zone",
     [](const Scene& s) { return Call(SYS_sched_setattr, s.Pid("sibling"), nullptr, 0); }},
    {"setpriority of another zone",
     [](const Scene& s) { return Call(SYS_setpriority, PRIO_PROCESS, s.Pid("sibling"), 0); }},
    {"ioprio_set of another zone",
     [](const Scene& s) { return Call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, s.Pid("sibling"), 0); }},
    {"migrate_pages of another zone",
     [](const Scene& s) { return Call(SYS_migrate_pages, s.Pid("sibling"), 0L, nullptr, nullptr); }},
    {"move_pages of another zone",
     [](const Scene& s) { return Call(SYS_move_pages, s.Pid("sibling"), 0L, nullptr, nullptr, nullptr, 0); }},
    {"get_robust_list of another zone",
     [](const Scene& s) {
       void* head = nullptr;
       size_t size = 0;
       return Call(SYS_get_robust_list, s.Pid("sibling"), &head, &size);
     }},
    {"become dumpable", [](const Scene&) { return Call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    {"allow everybody to trace it",
     [](const Scene&) { return Call(SYS_prctl, PR_SET_PTRACER, -1L, 0, 0, 0); }},
    {"outlive the supervisor", [](const Scene&) { return Call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0); }},
    {"adopt orphans", [](const Scene&) { return Call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }},
    {"another seccomp filter", [](const Scene&) { return Call(SYS_seccomp, 0xffU, 0U, nullptr); }},
    {"another Landlock ruleset",
     [](const Scene&) { return Call(SYS_landlock_create_ruleset, nullptr, 0L, 1U); }},
    {"capset",
     [](const Scene&) {
       __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
       __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
       return Call(SYS_capset, &header, none);
     }},
    {"setuid", [](const Scene&) { return Call(SYS_setuid, 0); }},
    {"setgroups", [](const Scene&) { return Call(SYS_setgroups, 0, nullptr); }},
    {"setpgid", [](const Scene&) { return Call(SYS_setpgid, 0, 0); }},
    {"setsid", [](const Scene&) { return Call(SYS_setsid); }},
    {"wait for a child", [](const Scene&) { return Call(SYS_wait4, -1, nullptr, 1 /* WNOHANG */, nullptr); }},
    {"core dump", CoreDump},
};

}  // namespace

std::span<const Attempt> ProcessAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
