// New code: memory that is written and then executed, in all the ways that there are.
#include <linux/memfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>

#include <cstdint>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

constexpr long kPage = 4096;

long Map(int protection, int flags = MAP_PRIVATE | MAP_ANONYMOUS, int fd = -1) {
  return Call(SYS_mmap, nullptr, kPage, protection, flags, fd, 0L);
}

// The page in which this very function lies.
long RewriteOwnCode(const Scene&) {
  const long page = reinterpret_cast<long>(&RewriteOwnCode) & ~(kPage - 1);
  if (const long result = Call(SYS_mprotect, page, kPage, PROT_READ | PROT_WRITE | PROT_EXEC); result < 0)
    return result;
  return Call(SYS_mprotect, page, kPage, PROT_READ | PROT_EXEC);
}

constexpr Attempt kAttempts[] = {
    {"mmap executable memory", [](const Scene&) { return Map(PROT_READ | PROT_EXEC); }},
    {"mmap writable executable memory", [](const Scene&) { return Map(PROT_READ | PROT_WRITE | PROT_EXEC); }},
    {"mmap executable memory with high bits",
     [](const Scene&) {
       return Call(SYS_mmap, nullptr, kPage, 1L << 32 | PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0L);
     }},
    {"mmap a granted file executable",
     [](const Scene& s) { return Map(PROT_READ | PROT_EXEC, MAP_PRIVATE, s.File()); }},
    {"mmap a memory file executable",
     [](const Scene&) {
       const long fd = Call(SYS_memfd_create, "code", MFD_CLOEXEC);
       if (fd < 0) return fd;
       return Map(PROT_READ | PROT_EXEC, MAP_SHARED, static_cast<int>(fd));
     }},
    {"mprotect to executable",
     [](const Scene&) {
       return Call(SYS_mprotect, Map(PROT_READ | PROT_WRITE), kPage, PROT_READ | PROT_EXEC);
     }},
    {"mprotect a growing mapping to executable",
     [](const Scene&) {
       const long stack = Map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN);
       return Call(SYS_mprotect, stack, kPage, PROT_READ | PROT_EXEC | PROT_GROWSDOWN);
     }},
    {"pkey_mprotect to executable",
     [](const Scene&) {
       return Call(SYS_pkey_mprotect, Map(PROT_READ | PROT_WRITE), kPage, PROT_READ | PROT_EXEC, -1);
     }},
    {"pkey_alloc", [](const Scene&) { return Call(SYS_pkey_alloc, 0L, 0L); }},
    {"rewrite its own code", RewriteOwnCode},
    {"READ_IMPLIES_EXEC", [](const Scene&) { return Call(SYS_personality, READ_IMPLIES_EXEC); }},
    {"remap_file_pages", [](const Scene&) { return Call(SYS_remap_file_pages, 0L, 0L, 0, 0L, 0); }},
    {"shared memory segment", [](const Scene&) { return Call(SYS_shmget, IPC_PRIVATE, 1L, 0600); }},
    {"attach executable shared memory", [](const Scene&) { return Call(SYS_shmat, -1, nullptr, SHM_EXEC); }},
    {"modify_ldt", [](const Scene&) { return Call(SYS_modify_ldt, 0, nullptr, 0L); }},
    {"set the thread area (arch_prctl)",
     [](const Scene&) {
       uint64_t base = 0;
       return Call(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base);
     }},
    {"move the own heap (PR_SET_MM)", [](const Scene&) { return Call(SYS_prctl, 35, 6, 0L, 0L, 0L); }},
    {"mlockall", [](const Scene&) { return Call(SYS_mlockall, 0); }},
    {"userfaultfd", [](const Scene&) { return Call(SYS_userfaultfd, 0); }},
    {"mseal", [](const Scene&) { return Call(462, 0L, 0L, 0L); }},
    {"map_shadow_stack", [](const Scene&) { return Call(453, 0L, kPage, 0); }},
};

}  // namespace

std::span<const Attempt> MemoryAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
