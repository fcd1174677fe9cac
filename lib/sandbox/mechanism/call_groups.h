// The system calls that need no look at their arguments: they act on descriptors, memory and threads that the
// process has already. Grouped by what they are for. Every zone may make them, unless the profile says
// otherwise; calls that are allowed with some arguments only are in system_calls.cc, and what is in neither
// place kills the process.
#pragma once

#include <seccomp.h>

namespace aisix::sandbox::calls {

// Requests and answers: what a zone does all day. The kernel remembers that these are allowed whatever their
// arguments are, and does not run the filter for them: no call of the hot path belongs to another file than
// this.
inline constexpr int kTraffic[] = {
    SCMP_SYS(read),          SCMP_SYS(write),       SCMP_SYS(readv), SCMP_SYS(writev),
    SCMP_SYS(epoll_wait),    SCMP_SYS(epoll_pwait), SCMP_SYS(futex), SCMP_SYS(recvmsg),
    SCMP_SYS(clock_gettime),  // on hosts without a fast clock every look at the time is a call
};

// The life of a connection after somebody else made it.
inline constexpr int kConnections[] = {
    SCMP_SYS(epoll_ctl),   SCMP_SYS(close),       SCMP_SYS(shutdown),
    SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt),
};

// Waiting for a control message, or for room in the log.
inline constexpr int kWaiting[] = {SCMP_SYS(poll), SCMP_SYS(ppoll)};

// Event loops and gRPC's queues wake each other through these. They lead nowhere outside.
inline constexpr int kWakeUps[] = {SCMP_SYS(epoll_create1), SCMP_SYS(eventfd2), SCMP_SYS(pipe2)};

// Files that came as descriptors: certificates, resources, the admin zone's memory, open figures of
// /proc/self. None of these takes a path.
inline constexpr int kOpenFiles[] = {
    SCMP_SYS(pread64),   SCMP_SYS(pwrite64),   SCMP_SYS(lseek),     SCMP_SYS(fstat),
    SCMP_SYS(ftruncate), SCMP_SYS(getdents64), SCMP_SYS(fallocate),
};

// The heap and stacks of threads. mmap and mprotect look at the protection: system_calls.cc.
inline constexpr int kMemory[] = {SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(brk)};

// Threads of the process: their start (clone: system_calls.cc), their end, and what the C library and
// abseil's mutexes ask about them. The scheduler is asked, never told.
inline constexpr int kThreads[] = {
    SCMP_SYS(rseq),           SCMP_SYS(set_robust_list),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
    SCMP_SYS(getpid),         SCMP_SYS(gettid),
    SCMP_SYS(getcpu),
};

// Signals that the process sends itself (abort), and calls that a signal interrupted.
inline constexpr int kSignals[] = {
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
};

// Time, random bytes, and what the host is: sorting (sysinfo) and gRPC (uname) ask.
inline constexpr int kQuestions[] = {
    SCMP_SYS(gettimeofday), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom),    SCMP_SYS(sysinfo),      SCMP_SYS(uname),
};

// Listeners::kAccept. The peer's address comes with the connection.
inline constexpr int kAccept[] = {SCMP_SYS(accept4)};

// Network::kDialPorts and kDial: c-ares sends and receives datagrams. Whom a TCP connect may reach: Landlock.
inline constexpr int kDial[] = {SCMP_SYS(connect), SCMP_SYS(recvfrom)};

// Files::kStateDirectory: a new version is written beside the old one and renamed over it. Where: Landlock.
// openat looks at its flags: system_calls.cc.
inline constexpr int kStateDirectory[] = {
    SCMP_SYS(rename),   SCMP_SYS(renameat), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(fsync),    SCMP_SYS(fdatasync),
};

// Libraries look for files below /proc, /sys and /etc and do without them when they are told no; a death
// there would be a riddle. With fstat for descriptors nobody needs a path: newfstatat can be given one, so it
// is here.
inline constexpr int kPaths[] = {
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(openat2),  SCMP_SYS(stat),
    SCMP_SYS(lstat),     SCMP_SYS(newfstatat), SCMP_SYS(statx),    SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
};

// New ways into the network: refused with an error, so that each zone can show at its start that they are
// closed.
inline constexpr int kNewSockets[] = {SCMP_SYS(socket), SCMP_SYS(connect)};
inline constexpr int kListening[] = {SCMP_SYS(bind), SCMP_SYS(listen)};

}  // namespace aisix::sandbox::calls
