#include "supervisor/upgrade/upgrade.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "supervisor/process/child.h"
#include "supervisor/process/exit.h"

namespace aisix::supervisor {
namespace {

using log::Level;

constexpr std::string_view kTarget = "aisix";
constexpr int kCheckPatienceMs = 10'000;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// What was bound at the start cannot be bound again: the privilege for it is gone, and the sockets are shared
// with workers that run.
bool SameSockets(const config::SupervisorPart& left, const config::SupervisorPart& right) {
  return left.thread_per_core == right.thread_per_core && left.proxy_workers == right.proxy_workers &&
         std::equal(left.listeners.begin(), left.listeners.end(), right.listeners.begin(),
                    right.listeners.end(), [](const auto& one, const auto& other) {
                      return one.name == other.name && one.address == other.address && one.tls == other.tls;
                    });
}

absl::Status AskNewProgram(const std::string& program, int file) {
  absl::StatusOr<pid_t> pid = StartChild({program, {kCheckArgument}, file});
  if (!pid.ok()) return pid.status();
  const os::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  int ready;
  do {
    ready = ::poll(&ended, 1, kCheckPatienceMs);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0 || !process.valid()) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the new program cannot go on from here: {}", DescribeExit(status).text));
}

void SetCloseOnExec(const std::vector<int>& descriptors, bool on) {
  for (const int fd : descriptors) ::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

}  // namespace

void Upgrade::ReadConfigurationAgain() {
  const auto keep = [&](std::string_view why) {
    logger_.Write(Level::kError, kTarget, "the configuration is refused, the one in use stays",
                  {{"error", why}});
  };
  absl::StatusOr<StartParts> parts =
      ReadStartParts(boot_.bootstrap, boot_.environment.get(), boot_.config_path);
  if (!parts.ok()) {
    // An empty text: the child has said on stderr what is wrong.
    return keep(parts.status().message().empty() ? "see above" : Text(parts.status()));
  }
  absl::StatusOr<std::string> text = ReadOwnPart(*parts);
  if (!text.ok()) return keep(Text(text.status()));
  absl::StatusOr<config::SupervisorPart> part = config::DecodeSupervisorPart(*text);
  if (!part.ok()) return keep(Text(part.status()));
  if (!SameSockets(*part, boot_.part)) {
    return keep("listeners and the number of the proxy's event loops change with a restart only");
  }
  std::swap(boot_.parts, *parts);
  std::swap(boot_.part_text, *text);
  former_parts_ = *std::move(parts);
  former_part_text_ = *std::move(text);
}

absl::Status Upgrade::Execute(const std::function<void()>& before) {
  ReadConfigurationAgain();
  const absl::Status status = ExecuteProgram(before);
  // Still this image: workers that are started later get what those that run have.
  if (former_parts_) {
    boot_.parts = *std::exchange(former_parts_, std::nullopt);
    boot_.part_text = std::move(former_part_text_);
  }
  return status;
}

Handover Upgrade::Collect() const {
  Handover handover;
  handover.pid = ::getpid();
  handover.config_path = boot_.config_path;
  handover.own_part = boot_.part_text;
  handover.environment = boot_.environment.get();
  for (const auto& [zone, fd] : boot_.parts.boot) handover.boot[zone] = fd.get();
  for (const auto& [zone, fd] : boot_.parts.environment) handover.environments[zone] = fd.get();
  for (const control::Message& socket : boot_.listeners.sockets()) {
    handover.listeners.push_back({socket.name, socket.number, socket.fd.get()});
  }
  handover.notify_socket = options_.notify_socket;
  handover.watchdog_us = options_.watchdog.count();
  handover.table = table_.Save();
  return handover;
}

absl::Status Upgrade::ExecuteProgram(const std::function<void()>& before) {
  const Handover handover = Collect();
  absl::StatusOr<os::UniqueFd> file = os::CreateSealedFile("handover", Encode(handover));
  if (!file.ok()) return file.status();
  if (absl::Status status = AskNewProgram(options_.program, file->get()); !status.ok()) return status;

  std::vector<char*> arguments;
  for (const std::string& argument : options_.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::string variable = fmt::format("{}={}", kHandoverVariable, file->get());
  char* environment[] = {variable.data(), nullptr};
  std::vector<int> descriptors = handover.Descriptors();
  descriptors.push_back(file->get());
  before();
  SetCloseOnExec(descriptors, false);
  ::execve(options_.program.c_str(), arguments.data(), environment);
  const int error = errno;
  SetCloseOnExec(descriptors, true);
  return os::ErrorStatus(error, options_.program);
}

int CheckHandover(int file) {
  absl::StatusOr<std::string> text = os::ReadAll(file);
  absl::Status status = text.status();
  if (status.ok()) {
    absl::StatusOr<Handover> handover = DecodeHandover(*text);
    status = handover.status();
    if (status.ok()) status = config::DecodeSupervisorPart(handover->own_part).status();
  }
  if (status.ok()) status = Programs::Locate().status();
  if (status.ok()) return 0;
  fmt::print(stderr, "Error: {}\n", Text(status));
  return 1;
}

}  // namespace aisix::supervisor
