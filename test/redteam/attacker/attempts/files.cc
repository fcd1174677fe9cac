// Paths: reading what the zone should not know, writing anywhere, and looking around.
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <string>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

long Open(const char* path, int flags) {
  return Call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

long OpenOf(const Scene& scene, std::string_view pid, const char* what, int flags = O_RDONLY) {
  return Open(("/proc/" + scene.Text(pid) + what).c_str(), flags);
}

// "/proc/<own pid>/fd" is among what a zone holds: a way out when relative opens are possible.
long OpenBesideHeldDirectory(const Scene&) {
  for (int fd = 3; fd < 256; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
      return Call(SYS_openat, fd, "../../../etc/passwd", O_RDONLY | O_CLOEXEC, 0);
    }
  }
  return Call(SYS_openat, AT_FDCWD, "../../../etc/passwd", O_RDONLY | O_CLOEXEC, 0);
}

// And back: the next one finds it as it was.
long Rename(const Scene& scene) {
  const std::string other = scene.Text("scratch") + "2";
  const long result = Call(SYS_rename, scene.Path("scratch"), other.c_str());
  if (result == 0) static_cast<void>(Call(SYS_rename, other.c_str(), scene.Path("scratch")));
  return result;
}

// The admin zone may write in its own directory, and nowhere from there.
long MoveOutOfState(const Scene& scene) {
  const std::string inside = scene.Text("state") + "/kept";
  const std::string outside = scene.Text("directory") + "/moved";
  if (const long made = Open(inside.c_str(), O_CREAT | O_WRONLY); made < 0) return made;
  return Call(SYS_rename, inside.c_str(), outside.c_str());
}

constexpr Attempt kAttempts[] = {
    {"read the configuration file", [](const Scene& s) { return Open(s.Path("config"), O_RDONLY); }},
    {"read the resources file", [](const Scene& s) { return Open(s.Path("resources"), O_RDONLY); }},
    {"read the TLS key of the proxy", [](const Scene& s) { return Open(s.Path("tls_key"), O_RDONLY); }},
    {"read the etcd client key", [](const Scene& s) { return Open(s.Path("etcd_key"), O_RDONLY); }},
    {"read /etc/passwd", [](const Scene&) { return Open("/etc/passwd", O_RDONLY); }},
    {"read /etc/passwd with open", [](const Scene&) { return Call(SYS_open, "/etc/passwd", O_RDONLY, 0); }},
    {"read /etc/passwd with openat2",
     [](const Scene&) {
       open_how how{};
       return Call(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how));
     }},
    {"read /etc/passwd through a held directory", OpenBesideHeldDirectory},
    {"name /etc/passwd with O_PATH", [](const Scene&) { return Open("/etc/passwd", O_PATH); }},
    {"list /", [](const Scene&) { return Open("/", O_RDONLY | O_DIRECTORY); }},
    {"environment of the supervisor", [](const Scene& s) { return OpenOf(s, "supervisor", "/environ"); }},
    {"memory of the supervisor", [](const Scene& s) { return OpenOf(s, "supervisor", "/mem"); }},
    {"descriptors of the supervisor", [](const Scene& s) { return OpenOf(s, "supervisor", "/fd"); }},
    {"memory of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/mem", O_RDWR); }},
    {"memory map of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/maps"); }},
    {"environment of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/environ"); }},
    {"descriptors of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/fd"); }},
    {"control socket of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/fd/3", O_RDWR); }},
    {"command line of another zone", [](const Scene& s) { return OpenOf(s, "sibling", "/cmdline"); }},
    {"own memory as a file", [](const Scene&) { return Open("/proc/self/mem", O_RDWR); }},
    {"own environment as a file", [](const Scene&) { return Open("/proc/self/environ", O_RDONLY); }},
    {"write the configuration file", [](const Scene& s) { return Open(s.Path("config"), O_WRONLY); }},
    {"write the resources file", [](const Scene& s) { return Open(s.Path("resources"), O_WRONLY); }},
    {"make a file beside the configuration",
     [](const Scene& s) { return Open((s.Text("directory") + "/planted").c_str(), O_CREAT | O_WRONLY); }},
    {"make a file in /tmp", [](const Scene&) { return Open("/tmp", O_TMPFILE | O_RDWR); }},
    {"make a file in /dev/shm", [](const Scene&) { return Open("/dev/shm", O_TMPFILE | O_RDWR); }},
    {"make a file with creat",
     [](const Scene& s) { return Call(SYS_creat, (s.Text("directory") + "/planted").c_str(), 0600); }},
    {"make a file in the state directory",
     [](const Scene& s) { return Open((s.Text("state") + "/made").c_str(), O_CREAT | O_WRONLY); }},
    {"leave the state directory by its parent",
     [](const Scene& s) { return Open((s.Text("state") + "/../scratch").c_str(), O_RDONLY); }},
    {"move a file out of the state directory", MoveOutOfState},
    {"open /dev/null", [](const Scene&) { return Open("/dev/null", O_RDWR); }},
    {"open a terminal", [](const Scene&) { return Open("/dev/ptmx", O_RDWR); }},
    {"stat a path",
     [](const Scene& s) {
       struct stat status {};
       return Call(SYS_stat, s.Path("config"), &status);
     }},
    {"lstat a path",
     [](const Scene& s) {
       struct stat status {};
       return Call(SYS_lstat, s.Path("config"), &status);
     }},
    {"newfstatat a path",
     [](const Scene& s) {
       struct stat status {};
       return Call(SYS_newfstatat, AT_FDCWD, s.Path("config"), &status, 0);
     }},
    {"newfstatat a path with AT_EMPTY_PATH",
     [](const Scene& s) {
       struct stat status {};
       return Call(SYS_newfstatat, AT_FDCWD, s.Path("config"), &status, AT_EMPTY_PATH);
     }},
    {"statx a path",
     [](const Scene& s) {
       struct statx status {};
       return Call(SYS_statx, AT_FDCWD, s.Path("config"), 0, STATX_ALL, &status);
     }},
    {"access", [](const Scene& s) { return Call(SYS_access, s.Path("config"), F_OK); }},
    {"faccessat", [](const Scene& s) { return Call(SYS_faccessat, AT_FDCWD, s.Path("config"), F_OK, 0); }},
    {"faccessat2", [](const Scene& s) { return Call(SYS_faccessat2, AT_FDCWD, s.Path("config"), F_OK, 0); }},
    {"readlink",
     [](const Scene&) {
       char target[64];
       return Call(SYS_readlink, "/proc/self/exe", target, sizeof(target));
     }},
    {"readlinkat",
     [](const Scene&) {
       char target[64];
       return Call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", target, sizeof(target));
     }},
    {"statfs",
     [](const Scene&) {
       char buffer[512];
       return Call(SYS_statfs, "/", buffer);
     }},
    {"chmod", [](const Scene& s) { return Call(SYS_chmod, s.Path("scratch"), 0644); }},
    {"fchmodat", [](const Scene& s) { return Call(SYS_fchmodat, AT_FDCWD, s.Path("scratch"), 0644); }},
    {"chown", [](const Scene& s) { return Call(SYS_chown, s.Path("scratch"), -1, -1); }},
    {"truncate a path", [](const Scene& s) { return Call(SYS_truncate, s.Path("scratch"), 0L); }},
    {"setxattr",
     [](const Scene& s) { return Call(SYS_setxattr, s.Path("scratch"), "user.redteam", "x", 1L, 0); }},
    {"getxattr",
     [](const Scene& s) {
       char value[8];
       return Call(SYS_getxattr, s.Path("scratch"), "user.none", value, sizeof(value));
     }},
    {"utimensat",
     [](const Scene& s) { return Call(SYS_utimensat, AT_FDCWD, s.Path("scratch"), nullptr, 0); }},
    {"mkdir", [](const Scene& s) { return Call(SYS_mkdir, (s.Text("directory") + "/made").c_str(), 0700); }},
    {"mknod",
     [](const Scene& s) {
       return Call(SYS_mknod, (s.Text("directory") + "/fifo").c_str(), S_IFIFO | 0600, 0);
     }},
    {"link",
     [](const Scene& s) {
       return Call(SYS_linkat, AT_FDCWD, s.Path("scratch"), AT_FDCWD,
                   (s.Text("directory") + "/linked").c_str(), 0);
     }},
    {"symlink",
     [](const Scene& s) {
       return Call(SYS_symlink, "/etc/passwd", (s.Text("directory") + "/symbolic").c_str());
     }},
    {"rename", Rename},
    {"renameat2",
     [](const Scene& s) {
       const std::string path = s.Text("directory") + "/none";
       return Call(SYS_renameat2, AT_FDCWD, path.c_str(), AT_FDCWD, path.c_str(), 1);
     }},
    {"unlink", [](const Scene& s) { return Call(SYS_unlink, s.Path("expendable")); }, true},
    {"rmdir", [](const Scene& s) { return Call(SYS_rmdir, (s.Text("directory") + "/none").c_str()); }},
    {"chdir", [](const Scene&) { return Call(SYS_chdir, "/"); }},
    {"inotify", [](const Scene&) { return Call(SYS_inotify_init1, IN_CLOEXEC); }},
    {"fanotify", [](const Scene&) { return Call(SYS_fanotify_init, 0, O_RDONLY); }},
    {"name_to_handle_at",
     [](const Scene&) {
       char handle[256] = {};
       int mount = 0;
       return Call(SYS_name_to_handle_at, AT_FDCWD, "/etc/passwd", handle, &mount, 0);
     }},
    {"open_by_handle_at",
     [](const Scene&) {
       char handle[256] = {};
       return Call(SYS_open_by_handle_at, -1, handle, O_RDONLY);
     }},
};

}  // namespace

std::span<const Attempt> FileAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
