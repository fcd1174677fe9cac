#include "supervisor/service/service_environment.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "lib/os/error.h"

namespace aisix::supervisor {
namespace {

using Variable = std::function<const char*(const char*)>;

constexpr uint64_t kMostSockets = 1024;

absl::StatusOr<std::optional<uint64_t>> Number(const Variable& variable, const char* name) {
  const char* text = variable(name);
  if (text == nullptr || *text == '\0') return std::optional<uint64_t>();
  const std::string_view digits(text);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return absl::InvalidArgumentError(fmt::format("{}={}: not a number", name, digits));
  }
  return std::optional<uint64_t>(number);
}

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  for (size_t begin = 0;;) {
    const size_t colon = text.find(':', begin);
    names.emplace_back(text.substr(begin, colon - begin));
    if (colon == std::string_view::npos) return names;
    begin = colon + 1;
  }
}

absl::StatusOr<std::vector<PassedSocket>> TakeSockets(const Variable& variable, pid_t self, int first) {
  const auto pid = Number(variable, "LISTEN_PID");
  if (!pid.ok()) return pid.status();
  const auto count = Number(variable, "LISTEN_FDS");
  if (!count.ok()) return count.status();
  std::vector<PassedSocket> sockets;
  if (*pid != static_cast<uint64_t>(self) || count->value_or(0) == 0) return sockets;
  if (**count > kMostSockets) {
    return absl::InvalidArgumentError(fmt::format("LISTEN_FDS={}: too many sockets", **count));
  }
  std::vector<std::string> names(**count, "unknown");  // what sd_listen_fds_with_names says
  if (const char* text = variable("LISTEN_FDNAMES"); text != nullptr) {
    names = SplitNames(text);
    if (names.size() != **count) {
      return absl::InvalidArgumentError(
          fmt::format("LISTEN_FDNAMES={}: {} names for {} sockets", text, names.size(), **count));
    }
  }
  for (std::string& name : names) {
    const int fd = first + static_cast<int>(sockets.size());
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) {
      return absl::InvalidArgumentError(
          fmt::format("LISTEN_FDS={}: descriptor {}: {}", **count, fd, os::ErrorText(errno)));
    }
    sockets.push_back({std::move(name), os::UniqueFd(fd)});
  }
  return sockets;
}

absl::StatusOr<std::chrono::microseconds> ReadWatchdog(const Variable& variable, pid_t self) {
  const auto interval = Number(variable, "WATCHDOG_USEC");
  if (!interval.ok()) return interval.status();
  const auto pid = Number(variable, "WATCHDOG_PID");
  if (!pid.ok()) return pid.status();
  if (pid->has_value() && **pid != static_cast<uint64_t>(self)) return std::chrono::microseconds(0);
  return std::chrono::microseconds(interval->value_or(0));
}

}  // namespace

absl::StatusOr<ServiceEnvironment> ReadServiceEnvironment(const Variable& variable, pid_t self, int first) {
  ServiceEnvironment environment;
  const char* notify = variable("NOTIFY_SOCKET");
  environment.notify_socket = notify == nullptr ? "" : notify;
  absl::StatusOr<std::chrono::microseconds> watchdog = ReadWatchdog(variable, self);
  if (!watchdog.ok()) return watchdog.status();
  environment.watchdog = *watchdog;
  absl::StatusOr<std::vector<PassedSocket>> sockets = TakeSockets(variable, self, first);
  if (!sockets.ok()) return sockets.status();
  environment.sockets = *std::move(sockets);
  return environment;
}

}  // namespace aisix::supervisor
