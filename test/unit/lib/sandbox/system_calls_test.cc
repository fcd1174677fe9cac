// What the filter does with a call: kills, refuses with an error, or lets it through.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <thread>

#include "test/unit/lib/sandbox/locked_child.h"

namespace aisix::sandbox {
namespace {

constexpr Profile kZones[] = {kProxyProfile, kAdminProfile, kMetricsProfile, kEgressProfile,
                              kExporterProfile};

struct Call {
  const char* name;
  long number;
  long a = 0, b = 0, c = 0, d = 0;
  int error = 0;  // how it is refused; 0: it kills
};

const Call kForbidden[] = {
    {"execve", SYS_execve},
    {"execveat", SYS_execveat},
    {"fork", SYS_clone, SIGCHLD},
    {"vfork", SYS_vfork},
    {"a process in the same memory", SYS_clone, CLONE_VM | SIGCHLD},
    {"a thread in a new user namespace", SYS_clone, CLONE_NEWUSER | SIGCHLD},
    {"clone3", SYS_clone3, 0, 0, 0, 0, ENOSYS},
    {"unshare", SYS_unshare, CLONE_NEWUSER},
    {"setns", SYS_setns, -1},
    {"ptrace", SYS_ptrace},
    {"process_vm_readv", SYS_process_vm_readv},
    {"process_vm_writev", SYS_process_vm_writev},
    {"pidfd_open", SYS_pidfd_open, 1},
    {"pidfd_getfd", SYS_pidfd_getfd},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"kill", SYS_kill, 1},
    {"tkill", SYS_tkill, 1},
    {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, 1},
    {"tgkill of process 1", SYS_tgkill, 1, 1, 0, 0, EPERM},
    {"the limits of process 1", SYS_prlimit64, 1, 0, 0, 0, EPERM},
    {"a limit of its own", SYS_prlimit64, 0, 7, 1, 0, EPERM},
    {"sched_setaffinity", SYS_sched_setaffinity},
    {"sched_setscheduler", SYS_sched_setscheduler},
    {"setpriority", SYS_setpriority},
    {"ioprio_set", SYS_ioprio_set},
    {"io_uring_setup", SYS_io_uring_setup},
    {"bpf", SYS_bpf},
    {"userfaultfd", SYS_userfaultfd},
    {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key},
    {"perf_event_open", SYS_perf_event_open},
    {"personality", SYS_personality},
    {"memfd_create", SYS_memfd_create},
    {"mount", SYS_mount},
    {"chroot", SYS_chroot},
    {"init_module", SYS_init_module},
    {"chmod", SYS_fchmodat},
    {"setxattr", SYS_setxattr},
    {"inotify_init1", SYS_inotify_init1},
    {"name_to_handle_at", SYS_name_to_handle_at},
    {"setuid", SYS_setuid},
    {"capset", SYS_capset},
    {"seccomp", SYS_seccomp},
    {"prctl beyond names", SYS_prctl, PROT_NONE},
    {"sendmmsg", SYS_sendmmsg, -1},
    {"setsockopt SO_REUSEPORT", SYS_setsockopt, -1, SOL_SOCKET, SO_REUSEPORT},
    {"setsockopt TCP_FASTOPEN_CONNECT", SYS_setsockopt, -1, IPPROTO_TCP, 30},
    {"setsockopt SO_ATTACH_BPF", SYS_setsockopt, -1, SOL_SOCKET, 50},
    {"fcntl F_SETOWN", SYS_fcntl, 0, F_SETOWN, 1},
    {"fcntl O_ASYNC", SYS_fcntl, 0, F_SETFL, O_ASYNC},
    {"executable mmap", SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, EACCES},
    {"executable mprotect", SYS_mprotect, 0, 4096, PROT_EXEC, 0, EACCES},
    {"pkey_mprotect", SYS_pkey_mprotect, 0, 4096, PROT_EXEC},
    {"bind", SYS_bind, -1, 0, 0, 0, EACCES},
    {"listen", SYS_listen, -1, 1, 0, 0, EACCES},
    {"sendmsg with MSG_FASTOPEN", SYS_sendmsg, -1, 0, MSG_FASTOPEN, 0, EACCES},
    {"a local socket", SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0, EACCES},
    {"a netlink socket", SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0, EACCES},
    {"stat", SYS_newfstatat, AT_FDCWD, 0, 0, 0, EACCES},
};

TEST(SystemCalls, EveryZoneForbids) {
  for (const Profile& profile : kZones) {
    for (const Call& call : kForbidden) {
      const int status = StatusAfterLock(profile, {}, [&call](const Report&) {
        const long result = ::syscall(call.number, call.a, call.b, call.c, call.d, -1, 0);
        return result < 0 ? errno : 0;
      });
      const std::string what = std::string(profile.zone) + ": " + call.name;
      if (call.error == 0) {
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << what << " " << status;
      } else {
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == call.error) << what << " " << status;
      }
    }
  }
}

struct Socket {
  const char* name;
  int family, type, protocol;
};

// Everything but plain TCP and UDP. `kills`: in a zone that dials; one that does not dial refuses them all.
TEST(SystemCalls, OnlyZonesThatDialMakeSockets) {
  const Socket kSockets[] = {
      {"multipath TCP", AF_INET, SOCK_STREAM, 262}, {"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP},
      {"packets", AF_PACKET, SOCK_RAW, 0},          {"vsock", AF_VSOCK, SOCK_STREAM, 0},
      {"SCTP", AF_INET, SOCK_SEQPACKET, 132},       {"crypto", AF_ALG, SOCK_SEQPACKET, 0},
  };
  const auto make = [](const Socket& socket) {
    return [&socket](const Report&) {
      return ::socket(socket.family, socket.type | SOCK_CLOEXEC, socket.protocol) < 0 ? errno : 0;
    };
  };
  LockOptions dials;
  dials.connect_ports = {443};
  for (const Socket& socket : kSockets) {
    EXPECT_EQ(AfterLock(kProxyProfile, {}, make(socket)), EACCES) << socket.name;
    const int status = StatusAfterLock(kEgressProfile, dials, make(socket));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << socket.name << " " << status;
  }
  for (const Socket& socket :
       {Socket{"TCP", AF_INET, SOCK_STREAM, 0}, Socket{"TCP over IPv6", AF_INET6, SOCK_STREAM, 0},
        Socket{"UDP", AF_INET, SOCK_DGRAM, 0}, Socket{"UDP over IPv6", AF_INET6, SOCK_DGRAM, 0}}) {
    EXPECT_EQ(AfterLock(kProxyProfile, {}, make(socket)), EACCES) << socket.name;
    EXPECT_EQ(AfterLock(kEgressProfile, dials, make(socket)), 0) << socket.name;
  }
}

TEST(SystemCalls, WhatAZoneNeedsWorks) {
  for (const Profile& profile : kZones) {
    EXPECT_EQ(AfterLock(profile, {},
                        [](const Report&) {
                          // Threads, memory, time, pipes, options of connections.
                          int from_thread = 0;
                          std::thread([&from_thread] { from_thread = 1; }).join();
                          if (from_thread != 1) return 1;
                          void* memory = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                          if (memory == MAP_FAILED || ::munmap(memory, 1 << 20) != 0) return 2;
                          int ends[2];
                          char byte = 'x';
                          if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 || ::write(ends[1], &byte, 1) != 1)
                            return 3;
                          if (::read(ends[0], &byte, 1) != 1 || ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
                            return 4;
                          const int on = 1;
                          if (::setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != -1 ||
                              errno != ENOTSOCK)
                            return 5;
                          timespec now{};
                          return ::clock_gettime(CLOCK_MONOTONIC, &now);
                        }),
              0)
        << profile.zone;
  }
}

TEST(SystemCalls, OnlyZonesWithListenersAccept) {
  const auto accept = [](const Report&) { return ::accept4(-1, nullptr, nullptr, 0) < 0 ? errno : 0; };
  EXPECT_EQ(AfterLock(kProxyProfile, {}, accept), EBADF);
  const int status = StatusAfterLock(kEgressProfile, {}, accept);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

TEST(SystemCalls, AbortStillEndsTheProcess) {
  const int status = StatusAfterLock(kProxyProfile, {}, [](const Report&) {
    ::signal(SIGABRT, SIG_DFL);  // not the handler of a sanitizer
    ::abort();
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

}  // namespace
}  // namespace aisix::sandbox
