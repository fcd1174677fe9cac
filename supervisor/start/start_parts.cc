#include "supervisor/start/start_parts.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "lib/control/message.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "supervisor/process/child.h"
#include "supervisor/process/exit.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{30};

// Reads until the child closes its end.
absl::Status Collect(int socket, StartParts& parts) {
  const steady_clock::time_point limit = steady_clock::now() + kPatience;
  while (true) {
    absl::StatusOr<std::optional<control::Message>> message = control::Receive(socket);
    if (absl::IsUnavailable(message.status())) return absl::OkStatus();
    if (!message.ok()) return message.status();
    if (message->has_value()) {
      if (absl::Status status = TakePart(**std::move(message), parts); !status.ok()) return status;
      continue;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - steady_clock::now());
    if (left.count() <= 0) return absl::DeadlineExceededError("the bootstrap child does not end");
    pollfd waiting{socket, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
  }
}

}  // namespace

absl::StatusOr<StartParts> ReadStartParts(const std::string& bootstrap_program, int environment,
                                          const std::string& config_path) {
  absl::StatusOr<BootstrapChild> child =
      StartBootstrapChild(BootstrapScope::kEverything, bootstrap_program, environment, config_path);
  if (!child.ok()) return child.status();
  StartParts parts;
  const absl::Status collected = Collect(child->socket.get(), parts);
  if (!collected.ok()) ::kill(child->pid, SIGKILL);
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!collected.ok()) return collected;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) return absl::FailedPreconditionError("");
  if (status != 0) {
    return absl::InternalError(fmt::format("the bootstrap child ended with {}", DescribeExit(status).text));
  }
  if (absl::Status complete = CheckComplete(BootstrapScope::kEverything, parts); !complete.ok()) {
    return complete;
  }
  return parts;
}

absl::StatusOr<BootstrapChild> StartBootstrapChild(BootstrapScope scope, const std::string& bootstrap_program,
                                                   int environment, const std::string& config_path) {
  absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
  if (!pair.ok()) return pair.status();
  std::vector<std::string> arguments{"--config", config_path};
  if (scope == BootstrapScope::kEnvironments) arguments.insert(arguments.begin(), "--environment-only");
  absl::StatusOr<pid_t> pid =
      StartChild({bootstrap_program, std::move(arguments), pair->second.get(), environment});
  if (!pid.ok()) return pid.status();
  return BootstrapChild{*pid, std::move(pair->first)};
}

absl::Status TakePart(control::Message message, StartParts& parts) {
  if (!message.fd.valid() || !os::IsSealed(message.fd.get())) {
    return absl::InternalError("the bootstrap child sent a part that is not sealed");
  }
  switch (message.type) {
    case control::MessageType::kBoot:
      parts.boot.insert_or_assign(message.name, std::move(message.fd));
      return absl::OkStatus();
    case control::MessageType::kEnvironment:
      parts.environment.insert_or_assign(message.name, std::move(message.fd));
      return absl::OkStatus();
    default:
      return absl::InternalError("the bootstrap child sent an unexpected message");
  }
}

absl::Status CheckComplete(BootstrapScope scope, const StartParts& parts) {
  std::vector<std::string> names{"supervisor"};
  for (const Zone zone : kZones) names.emplace_back(ZoneName(zone));
  for (const std::string& name : names) {
    const bool booted = scope == BootstrapScope::kEnvironments || parts.boot.contains(name);
    if (booted && parts.environment.contains(name)) continue;
    return absl::InternalError(fmt::format("the bootstrap child sent nothing for the zone {}", name));
  }
  return absl::OkStatus();
}

}  // namespace aisix::supervisor
