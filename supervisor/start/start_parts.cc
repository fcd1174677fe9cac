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

absl::StatusOr<BootstrapChild> StartBootstrap(const std::string& program, int environment,
                                              std::vector<std::string> arguments) {
  absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
  if (!pair.ok()) return pair.status();
  absl::StatusOr<pid_t> pid = StartChild({program, std::move(arguments), pair->second.get(), environment});
  if (!pid.ok()) return pid.status();
  return BootstrapChild{*pid, std::move(pair->first)};
}

absl::StatusOr<StartParts> RunBootstrap(const std::string& program, int environment,
                                        std::vector<std::string> arguments) {
  absl::StatusOr<BootstrapChild> child = StartBootstrap(program, environment, std::move(arguments));
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
  return parts;
}

}  // namespace

absl::StatusOr<StartParts> ReadStartParts(const std::string& bootstrap_program, int environment,
                                          const std::string& config_path) {
  absl::StatusOr<StartParts> parts = RunBootstrap(bootstrap_program, environment, {"--config", config_path});
  if (!parts.ok()) return parts;
  std::vector<std::string> names{"supervisor"};
  for (const Zone zone : kZones) names.emplace_back(ZoneName(zone));
  for (const std::string& name : names) {
    if (!parts->boot.contains(name) || !parts->environment.contains(name)) {
      return absl::InternalError(fmt::format("the bootstrap child sent nothing for the zone {}", name));
    }
  }
  return parts;
}

absl::StatusOr<BootstrapChild> StartEnvironmentChild(const std::string& bootstrap_program, int environment,
                                                     const std::string& config_path) {
  return StartBootstrap(bootstrap_program, environment, {"--environment-only", "--config", config_path});
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

}  // namespace aisix::supervisor
