// Misuse of the descriptors that the zone was given, and of those that it may make.
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

// The reading end of a new pipe: fcntl and ioctl on a shared descriptor would reach its other holders.
int Pipe() {
  int ends[2] = {-1, -1};
  static_cast<void>(Call(SYS_pipe2, ends, O_CLOEXEC));
  return ends[0];
}

constexpr int kSignalIo = 29;
constexpr int kFileOwner = 15;  // F_SETOWN_EX

constexpr Attempt kAttempts[] = {
    {"write to a granted file", [](const Scene& s) { return Call(SYS_pwrite64, s.File(), "x", 1L, 0L); }},
    {"truncate a granted file", [](const Scene& s) { return Call(SYS_ftruncate, s.File(), 0L); }},
    {"map a granted file writable",
     [](const Scene& s) {
       return Call(SYS_mmap, nullptr, 4096L, PROT_READ | PROT_WRITE, MAP_SHARED, s.File(), 0L);
     }},
    {"reopen a granted file for writing",
     [](const Scene& s) {
       const std::string path = "/proc/self/fd/" + std::to_string(s.File());
       return Call(SYS_openat, AT_FDCWD, path.c_str(), O_RDWR | O_CLOEXEC, 0);
     }},
    {"fchmod a granted file", [](const Scene& s) { return Call(SYS_fchmod, s.File(), 0600); }},
    {"fchown a granted file", [](const Scene& s) { return Call(SYS_fchown, s.File(), -1, -1); }},
    {"fsetxattr a granted file",
     [](const Scene& s) { return Call(SYS_fsetxattr, s.File(), "user.redteam", "x", 1L, 0); }},
    {"lock a granted file",
     [](const Scene& s) { return Call(SYS_flock, s.File(), 5 /* LOCK_SH | LOCK_NB */); }},
    {"fallocate a granted file", [](const Scene& s) { return Call(SYS_fallocate, s.File(), 0, 0L, 1L); }},
    {"record lock",
     [](const Scene& s) {
       struct flock lock {};
       lock.l_type = F_RDLCK;
       return Call(SYS_fcntl, s.File(), F_OFD_SETLK, &lock);
     }},
    {"lease on a granted file", [](const Scene& s) { return Call(SYS_fcntl, s.File(), F_SETLEASE, F_RDLCK); },
     true},
    {"watch a held directory with F_NOTIFY", [](const Scene&) { return Call(SYS_fcntl, 3, F_NOTIFY, 1L); }},
    {"F_ADD_SEALS", [](const Scene& s) { return Call(SYS_fcntl, s.File(), F_ADD_SEALS, F_SEAL_SEAL); }},
    {"F_SETPIPE_SZ", [](const Scene&) { return Call(SYS_fcntl, Pipe(), F_SETPIPE_SZ, 1 << 20); }},
    {"F_SETOWN to another zone",
     [](const Scene& s) { return Call(SYS_fcntl, Pipe(), F_SETOWN, s.Pid("sibling")); }},
    {"F_SETOWN_EX to the supervisor",
     [](const Scene& s) {
       const int owner[2] = {1, s.Pid("supervisor")};  // F_OWNER_PID
       return Call(SYS_fcntl, Pipe(), kFileOwner, owner);
     }},
    {"F_SETSIG", [](const Scene&) { return Call(SYS_fcntl, Pipe(), F_SETSIG, kSignalIo); }},
    {"O_ASYNC by fcntl", [](const Scene&) { return Call(SYS_fcntl, Pipe(), F_SETFL, O_ASYNC | O_NONBLOCK); }},
    {"FIOASYNC by ioctl",
     [](const Scene&) {
       const int on = 1;
       return Call(SYS_ioctl, Pipe(), FIOASYNC, &on);
     }},
    {"FIOSETOWN by ioctl",
     [](const Scene& s) {
       const int owner = s.Pid("sibling");
       return Call(SYS_ioctl, s.links.front().fd, 0x8901L, &owner);
     }},
    {"type into a terminal (TIOCSTI)", [](const Scene&) { return Call(SYS_ioctl, 1, TIOCSTI, "x"); }},
    {"list network interfaces by ioctl",
     [](const Scene& s) {
       char request[64] = {};
       return Call(SYS_ioctl, s.links.front().fd, 0x8912L, request);
     }},
    {"sendfile", [](const Scene& s) { return Call(SYS_sendfile, 1, s.File(), nullptr, 0L); }},
    {"splice", [](const Scene&) { return Call(SYS_splice, Pipe(), nullptr, 1, nullptr, 0L, 0); }},
    {"tee", [](const Scene&) { return Call(SYS_tee, Pipe(), Pipe(), 0L, 0); }},
    {"vmsplice",
     [](const Scene&) {
       iovec none{};
       return Call(SYS_vmsplice, 1, &none, 0L, 0);
     }},
    {"copy_file_range",
     [](const Scene& s) { return Call(SYS_copy_file_range, s.File(), nullptr, 1, nullptr, 0L, 0); }},
    {"memfd_create", [](const Scene&) { return Call(SYS_memfd_create, "code", MFD_CLOEXEC); }},
    {"memfd_secret", [](const Scene&) { return Call(SYS_memfd_secret, 0); }},
    {"close_range", [](const Scene&) { return Call(SYS_close_range, 1000U, 1001U, 0); }},
    {"dup3", [](const Scene&) { return Call(SYS_dup3, 1, 900, O_CLOEXEC); }},
    {"fchdir to a held directory", [](const Scene&) { return Call(SYS_fchdir, -1); }},
};

}  // namespace

std::span<const Attempt> DescriptorAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
