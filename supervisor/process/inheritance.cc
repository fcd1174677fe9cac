#include "supervisor/process/inheritance.h"

#include <utility>

namespace aisix::supervisor {

using control::Message;
using control::MessageType;

Message MakeMessage(MessageType type, int fd) {
  Message message;
  message.type = type;
  message.fd = os::UniqueFd(fd);
  return message;
}

absl::Status SendBorrowed(const WorkerProcess& worker, MessageType type, int fd) {
  Message message = MakeMessage(type, fd);
  const absl::Status status = worker.Send(message);
  static_cast<void>(message.fd.release());
  return status;
}

absl::Status SendInheritance(const Inheritance& inheritance, const WorkerProcess& worker,
                             const std::vector<const Message*>& more, const Message& begin) {
  absl::StatusOr<std::vector<const Message*>> listeners = inheritance.listeners.Prepare(worker.zone());
  if (!listeners.ok()) return listeners.status();
  const auto boot = inheritance.parts.boot.find(ZoneName(worker.zone()));
  const auto environment = inheritance.parts.environment.find(ZoneName(worker.zone()));
  if (boot == inheritance.parts.boot.end() || environment == inheritance.parts.environment.end()) {
    return absl::InternalError("no part for this zone");
  }
  for (const auto& [type, fd] : {std::pair(MessageType::kBoot, boot->second.get()),
                                 std::pair(MessageType::kEnvironment, environment->second.get()),
                                 std::pair(MessageType::kTotals, worker.totals.get())}) {
    if (absl::Status status = SendBorrowed(worker, type, fd); !status.ok()) return status;
  }
  const Message standby = MakeMessage(MessageType::kStandby);
  std::vector<const Message*> messages = *std::move(listeners);
  for (const Message* file : inheritance.files.ForStart(worker.zone())) messages.push_back(file);
  messages.insert(messages.end(), more.begin(), more.end());
  if (worker.role == WorkerProcess::Role::kPrepares) messages.push_back(&standby);
  messages.push_back(&begin);
  for (const Message* message : messages) {
    if (absl::Status status = worker.Send(*message); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace aisix::supervisor
