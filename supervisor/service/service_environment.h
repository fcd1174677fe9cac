// What a service manager tells this process through its environment: systemd, or anything that speaks its
// protocols (sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3)).
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "supervisor/listen/passed_sockets.h"

namespace aisix::supervisor {

// Meant for this process alone: nobody gets them from it.
inline constexpr std::array<std::string_view, 7> kServiceVariables{
    "NOTIFY_SOCKET",  "WATCHDOG_USEC", "WATCHDOG_PID",  "LISTEN_FDS",
    "LISTEN_FDNAMES", "LISTEN_PID",    "LISTEN_PIDFDID"};

struct ServiceEnvironment {
  std::string notify_socket;              // empty: nobody wants to be told
  std::chrono::microseconds watchdog{0};  // 0: nobody watches
  std::vector<PassedSocket> sockets;      // owned, close-on-exec
};

// `variable`: reads the environment (nullptr: not set). Variables that name another process in their _PID
// are not for this one and have no effect. `first`: the lowest descriptor that was passed, 3 in real life.
// INVALID_ARGUMENT: a value that makes no sense, or a descriptor that is not open.
absl::StatusOr<ServiceEnvironment> ReadServiceEnvironment(
    const std::function<const char*(const char*)>& variable, pid_t self, int first = 3);

}  // namespace aisix::supervisor
