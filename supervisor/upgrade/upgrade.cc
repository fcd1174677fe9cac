#include "supervisor/upgrade/upgrade.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/os/error.h"
#include "lib/os/memory_file.h"

namespace aisix::supervisor {
namespace {

using log::Level;

constexpr std::string_view kTarget = "aisix";

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

void SetCloseOnExec(const std::vector<int>& descriptors, bool on) {
  for (const int fd : descriptors) ::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

}  // namespace

void Upgrade::Prepare(Done done) {
  fresh_.reset();
  reading_.Begin([this, done = std::move(done)](absl::StatusOr<StartParts> parts) mutable {
    TakeConfiguration(std::move(parts));
    AskNewProgram(std::move(done));
  });
}

void Upgrade::TakeConfiguration(absl::StatusOr<StartParts> parts) {
  const auto keep = [&](std::string_view why) {
    logger_.Write(Level::kError, kTarget, "the configuration is refused, the one in use stays",
                  {{"error", why}});
  };
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
  fresh_ = Fresh{*std::move(parts), *std::move(text)};
}

void Upgrade::AskNewProgram(Done done) {
  absl::StatusOr<os::UniqueFd> file = os::CreateSealedFile("handover", Encode(Collect()));
  if (!file.ok()) return done(file.status());
  check_.Begin(options_.program, file->get(), std::move(done));
}

Handover Upgrade::Collect() const {
  const StartParts& parts = fresh_ ? fresh_->parts : boot_.parts;
  Handover handover;
  handover.pid = ::getpid();
  handover.config_path = boot_.config_path;
  handover.own_part = fresh_ ? fresh_->part_text : boot_.part_text;
  handover.environment = boot_.environment.get();
  for (const auto& [zone, fd] : parts.boot) handover.boot[zone] = fd.get();
  for (const auto& [zone, fd] : parts.environment) handover.environments[zone] = fd.get();
  for (const control::Message& socket : boot_.listeners.sockets()) {
    handover.listeners.push_back({socket.name, socket.number, socket.fd.get()});
  }
  handover.notify_socket = options_.notify_socket;
  handover.watchdog_us = options_.watchdog.count();
  handover.table = table_.Save();
  return handover;
}

absl::Status Upgrade::Execute(const std::function<void()>& before) {
  // Workers may have come and gone since the new program was asked: it has seen another file of this kind.
  const Handover handover = Collect();
  absl::StatusOr<os::UniqueFd> file = os::CreateSealedFile("handover", Encode(handover));
  if (!file.ok()) return file.status();

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
  fresh_.reset();
  return os::ErrorStatus(error, options_.program);
}

}  // namespace aisix::supervisor
