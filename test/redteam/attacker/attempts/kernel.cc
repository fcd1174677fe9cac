// The host, its namespaces, and the larger interfaces of the kernel. Arguments are such that nothing happens
// to the host where a call is not stopped.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/ipc.h>
#include <sys/timex.h>
#include <time.h>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

constexpr const char* kNowhere = "/nonexistent";

// The same kernel behind other doors: calls of 32-bit programs, and of the x32 ABI.
long Compatible32(const Scene&) {
  long result = 20;  // getpid there
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
}

constexpr long kX32Bit = 0x40000000;

constexpr Attempt kAttempts[] = {
    {"io_uring_setup",
     [](const Scene&) {
       io_uring_params parameters{};
       return Call(SYS_io_uring_setup, 1, &parameters);
     }},
    {"io_uring_enter", [](const Scene&) { return Call(SYS_io_uring_enter, -1, 0, 0, 0, nullptr, 0L); }},
    {"io_uring_register", [](const Scene&) { return Call(SYS_io_uring_register, -1, 0, nullptr, 0); }},
    {"io_setup",
     [](const Scene&) {
       unsigned long context = 0;
       return Call(SYS_io_setup, 1, &context);
     }},
    {"bpf",
     [](const Scene&) {
       bpf_attr attributes{};
       return Call(SYS_bpf, 0xffff, &attributes, sizeof(attributes));
     }},
    {"perf_event_open",
     [](const Scene&) {
       perf_event_attr attributes{};
       return Call(SYS_perf_event_open, &attributes, 0, -1, -1, 0L);
     }},
    {"keyctl",
     [](const Scene&) { return Call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0); }},
    {"add_key",
     [](const Scene&) { return Call(SYS_add_key, "user", "redteam", "x", 1L, KEY_SPEC_THREAD_KEYRING); }},
    {"request_key", [](const Scene&) { return Call(SYS_request_key, "user", "redteam-none", nullptr, 0); }},
    {"mount", [](const Scene&) { return Call(SYS_mount, "none", kNowhere, "tmpfs", 0L, nullptr); }},
    {"umount", [](const Scene&) { return Call(SYS_umount2, kNowhere, 0); }},
    {"open_tree", [](const Scene&) { return Call(SYS_open_tree, AT_FDCWD, kNowhere, 0); }},
    {"move_mount", [](const Scene&) { return Call(SYS_move_mount, -1, "", -1, "", 0); }},
    {"fsopen", [](const Scene&) { return Call(SYS_fsopen, "redteam-none", 0); }},
    {"mount_setattr", [](const Scene&) { return Call(SYS_mount_setattr, -1, "", 0, nullptr, 0L); }},
    {"pivot_root", [](const Scene&) { return Call(SYS_pivot_root, kNowhere, kNowhere); }},
    {"chroot", [](const Scene&) { return Call(SYS_chroot, kNowhere); }},
    {"init_module", [](const Scene&) { return Call(SYS_init_module, nullptr, 0L, ""); }},
    {"finit_module", [](const Scene&) { return Call(SYS_finit_module, -1, "", 0); }},
    {"delete_module", [](const Scene&) { return Call(SYS_delete_module, "redteam-none", O_NONBLOCK); }},
    {"kexec_load", [](const Scene&) { return Call(SYS_kexec_load, 0L, 0L, nullptr, ~0UL); }},
    {"kexec_file_load", [](const Scene&) { return Call(SYS_kexec_file_load, -1, -1, 0L, nullptr, ~0UL); }},
    {"reboot", [](const Scene&) { return Call(SYS_reboot, 0, 0, 0, nullptr); }},
    {"swapon", [](const Scene&) { return Call(SYS_swapon, kNowhere, 0); }},
    {"swapoff", [](const Scene&) { return Call(SYS_swapoff, kNowhere); }},
    {"acct", [](const Scene&) { return Call(SYS_acct, kNowhere); }},
    {"quotactl", [](const Scene&) { return Call(SYS_quotactl, ~0U, kNowhere, 0, nullptr); }},
    {"sethostname", [](const Scene&) { return Call(SYS_sethostname, "", -1L); }},
    {"setdomainname", [](const Scene&) { return Call(SYS_setdomainname, "", -1L); }},
    {"settimeofday", [](const Scene&) { return Call(SYS_settimeofday, nullptr, nullptr); }},
    {"clock_settime", [](const Scene&) { return Call(SYS_clock_settime, -1, nullptr); }},
    {"adjtimex",
     [](const Scene&) {
       timex nothing{};
       return Call(SYS_adjtimex, &nothing);
     }},
    {"syslog", [](const Scene&) { return Call(SYS_syslog, 10, nullptr, 0); }},
    {"iopl", [](const Scene&) { return Call(SYS_iopl, 0); }},
    {"ioperm", [](const Scene&) { return Call(SYS_ioperm, 0x80L, 1L, 0); }},
    {"timer_create",
     [](const Scene&) {
       timer_t timer{};
       return Call(SYS_timer_create, CLOCK_MONOTONIC, nullptr, &timer);
     }},
    {"message queue", [](const Scene&) { return Call(SYS_msgget, IPC_PRIVATE, 0600); }},
    {"semaphore set", [](const Scene&) { return Call(SYS_semget, IPC_PRIVATE, 1, 0600); }},
    {"POSIX message queue",
     [](const Scene&) { return Call(SYS_mq_open, "redteam-none", O_RDONLY, 0, nullptr); }},
    {"lookup_dcookie", [](const Scene&) { return Call(SYS_lookup_dcookie, 0L, nullptr, 0L); }},
    {"a call that does not exist", [](const Scene&) { return Call(9999); }},
    {"a 32-bit call", Compatible32},
    {"an x32 call", [](const Scene&) { return Call(kX32Bit | SYS_getpid); }},
};

}  // namespace

std::span<const Attempt> KernelAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
