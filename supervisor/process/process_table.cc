#include "supervisor/process/process_table.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "supervisor/process/exit.h"

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;
using log::Level;

constexpr std::string_view kTarget = "aisix";
constexpr std::chrono::seconds kExitPatience{1};
constexpr size_t kLongestReason = 1000;  // of a report that may be long

Message FileMessage(MessageType type, int fd) {
  Message message;
  message.type = type;
  message.fd = os::UniqueFd(fd);
  return message;
}

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

ProcessTable::ProcessTable(EventLoop& loop, log::Logger& logger, Inheritance inheritance, Hooks hooks)
    : loop_(loop),
      logger_(logger),
      inheritance_(inheritance),
      hooks_(std::move(hooks)),
      links_(inheritance.proxy_loops),
      slots_{Slot(kZones[0]), Slot(kZones[1]), Slot(kZones[2]), Slot(kZones[3])} {}

absl::Status ProcessTable::Start() {
  absl::StatusOr<os::UniqueFd> state = os::CreateMemoryFile("admin-state");
  if (!state.ok()) return state.status();
  admin_state_ = FileMessage(MessageType::kState, state->release());
  for (const Zone zone : {Zone::kEgress, Zone::kAdmin, Zone::kMetrics}) StartWorker(zone);
  return absl::OkStatus();
}

pid_t ProcessTable::PidOf(Zone zone) const {
  const Slot& slot = SlotOf(zone);
  return slot.worker == nullptr ? 0 : slot.worker->pid();
}

void ProcessTable::Send(Zone zone, const Message& message) {
  Slot& slot = SlotOf(zone);
  if (slot.worker == nullptr) return;
  const absl::Status status = slot.worker->Send(message);
  if (status.ok() || absl::IsUnavailable(status)) return;  // its death is reported when it is reaped
  logger_.Write(Level::kError, kTarget, "worker does not take a control message",
                {{"worker", log::Display{ZoneName(zone)}}, {"error", Text(status)}});
}

void ProcessTable::Send(Zone zone, MessageType type) {
  Message message;
  message.type = type;
  Send(zone, message);
}

void ProcessTable::BeginDrain() {
  draining_ = true;
  for (const Zone zone : {Zone::kProxy, Zone::kAdmin, Zone::kMetrics}) Send(zone, MessageType::kDrain);
}

void ProcessTable::StopRestarting() {
  restarting_ = false;
  for (Slot& slot : slots_) loop_.Cancel(std::exchange(slot.restart_timer, 0));
}

void ProcessTable::Kill(Zone zone) {
  const Slot& slot = SlotOf(zone);
  if (slot.worker != nullptr) slot.worker->Kill();
}

void ProcessTable::KillAll() {
  StopRestarting();
  for (const Zone zone : kZones) Kill(zone);
  for (Slot& slot : slots_) {
    if (slot.worker == nullptr) continue;
    while (::waitpid(slot.worker->pid(), nullptr, 0) < 0 && errno == EINTR) {
    }
    loop_.Unwatch(slot.worker->control_fd());
    slot.worker.reset();
  }
}

void ProcessTable::StartWorker(Zone zone) {
  Slot& slot = SlotOf(zone);
  if (slot.started) ++slot.restarts;
  slot.started = true;
  slot.down_reason = "starting";
  const absl::Status status = TryStartWorker(zone);
  if (status.ok()) {
    logger_.Write(
        Level::kDebug, kTarget, "worker started",
        {{"worker", log::Display{ZoneName(zone)}}, {"worker_pid", static_cast<int64_t>(slot.worker->pid())}});
    TellMetrics(zone);
  } else if (slot.worker != nullptr) {
    slot.worker->Kill();  // it could not be given everything; its end is handled like any other
  } else {
    OnEnd(zone, std::string(Text(status)));
  }
}

absl::Status ProcessTable::TryStartWorker(Zone zone) {
  absl::StatusOr<std::string> program = inheritance_.programs.Find(ZoneProgram(zone));
  if (!program.ok()) return program.status();
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker =
      WorkerProcess::Start(zone, ++last_generation_, *program);
  if (!worker.ok()) return worker.status();
  SlotOf(zone).worker = *std::move(worker);
  loop_.Watch(SlotOf(zone).worker->control_fd(), [this, zone] { ReadControl(zone); });
  std::vector<Message> links;
  if (absl::Status status = Connect(zone, links); !status.ok()) return status;
  return SendInheritance(zone, std::move(links));
}

absl::Status ProcessTable::Connect(Zone zone, std::vector<Message>& own) {
  Population population;
  for (const Zone other : kZones) {
    if (IsRunning(other)) population[static_cast<size_t>(other)].current = SlotOf(other).worker->generation();
  }
  const uint64_t generation = SlotOf(zone).worker->generation();
  for (const PlannedLink& link : links_.OfActing(zone, generation, population)) {
    absl::StatusOr<os::SocketPair> pair = link.packets ? os::CreatePacketPair() : os::CreateStreamPair();
    if (!pair.ok()) return pair.status();
    Message client = FileMessage(MessageType::kLink, pair->first.release());
    client.name = link.name;
    client.number = link.client_number;
    client.text = "client";
    Message server = FileMessage(MessageType::kLink, pair->second.release());
    server.name = link.name;
    server.number = link.server_number;
    server.text = "server";
    const bool serves = link.server == generation;
    own.push_back(std::move(serves ? server : client));
    const uint64_t peer_generation = serves ? link.client : link.server;
    for (const Zone peer : kZones) {
      if (!IsRunning(peer) || SlotOf(peer).worker->generation() != peer_generation) continue;
      Send(peer, serves ? client : server);
    }
  }
  return absl::OkStatus();
}

absl::Status ProcessTable::SendInheritance(Zone zone, std::vector<Message> links) {
  const WorkerProcess& worker = *SlotOf(zone).worker;
  absl::StatusOr<std::vector<const Message*>> listeners = inheritance_.listeners.Prepare(zone);
  if (!listeners.ok()) return listeners.status();

  // The parts stay here; messages borrow their descriptors and give them back.
  const auto send_part = [&](MessageType type, const auto& parts) {
    const auto found = parts.find(ZoneName(zone));
    if (found == parts.end()) return absl::InternalError("no part for this zone");
    Message message = FileMessage(type, found->second.get());
    const absl::Status status = worker.Send(message);
    static_cast<void>(message.fd.release());
    return status;
  };
  if (auto status = send_part(MessageType::kBoot, inheritance_.parts.boot); !status.ok()) return status;
  if (auto status = send_part(MessageType::kEnvironment, inheritance_.parts.environment); !status.ok()) {
    return status;
  }
  std::vector<const Message*> messages = *std::move(listeners);
  if (zone == Zone::kAdmin) messages.push_back(&admin_state_);
  for (const Message* file : inheritance_.files.For(zone)) messages.push_back(file);
  for (const Message& link : links) messages.push_back(&link);
  Message begin;
  begin.type = MessageType::kBegin;
  messages.push_back(&begin);
  Message drain;
  drain.type = MessageType::kDrain;
  if (draining_ && zone != Zone::kEgress) messages.push_back(&drain);
  for (const Message* message : messages) {
    if (absl::Status status = worker.Send(*message); !status.ok()) return status;
  }
  if (zone == Zone::kMetrics) {
    for (const Zone other : kZones) TellMetrics(other);
  }
  return absl::OkStatus();
}

void ProcessTable::ReadControl(Zone zone) {
  while (SlotOf(zone).worker != nullptr) {
    const WorkerProcess& worker = *SlotOf(zone).worker;
    absl::StatusOr<std::optional<Message>> message = worker.Receive();
    if (!message.ok()) {
      OnLinkLost(zone, message.status());
      return;
    }
    if (!message->has_value()) return;
    OnMessage(zone, **message);
  }
}

// Without a control link a worker is of no use.
void ProcessTable::OnLinkLost(Zone zone, const absl::Status& status) {
  const WorkerProcess& worker = *SlotOf(zone).worker;
  loop_.Unwatch(worker.control_fd());
  if (absl::IsUnavailable(status)) {
    // Most likely it is exiting: its exit code is worth waiting for.
    loop_.After(kExitPatience, [this, zone, pid = worker.pid()] {
      if (PidOf(zone) == pid) Kill(zone);
    });
    return;
  }
  logger_.Write(Level::kError, kTarget, "worker sent a bad control message",
                {{"worker", log::Display{ZoneName(zone)}}, {"error", Text(status)}});
  worker.Kill();
}

void ProcessTable::OnMessage(Zone zone, const Message& message) {
  Slot& slot = SlotOf(zone);
  switch (message.type) {
    case MessageType::kReady:
      if (!slot.worker->ready()) OnReady(zone);
      return;
    case MessageType::kFatal:
      if (!slot.policy.ever_ready()) {
        hooks_.fatal(message.text);
        return;
      }
      // Others still serve with what this zone gave them: it is tried again, like after any other death.
      logger_.Write(Level::kError, kTarget, "worker cannot run",
                    {{"worker", log::Display{ZoneName(zone)}}, {"error", std::string_view(message.text)}});
      slot.fatal_text = message.text.substr(0, kLongestReason);
      slot.worker->Kill();
      return;
    case MessageType::kInFlight:
      if (zone == Zone::kProxy) hooks_.in_flight(message.number);
      return;
    default:
      logger_.Write(
          Level::kWarn, kTarget, "worker sent an unexpected control message",
          {{"worker", log::Display{ZoneName(zone)}}, {"type", static_cast<uint64_t>(message.type)}});
  }
}

void ProcessTable::OnReady(Zone zone) {
  Slot& slot = SlotOf(zone);
  slot.worker->MarkReady();
  slot.policy.OnReady();
  logger_.Write(Level::kInfo, kTarget, "worker ready",
                {{"worker", log::Display{ZoneName(zone)}},
                 {"worker_pid", static_cast<int64_t>(slot.worker->pid())},
                 {"restarts", slot.restarts}});
  TellMetrics(zone);
  hooks_.ready(zone);
  if (!SlotOf(Zone::kProxy).started && SlotOf(Zone::kEgress).policy.ever_ready() &&
      SlotOf(Zone::kAdmin).policy.ever_ready()) {
    StartWorker(Zone::kProxy);
  }
  if (!all_ready_reported_ &&
      std::all_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.policy.ever_ready(); })) {
    all_ready_reported_ = true;
    hooks_.all_ready();
  }
}

void ProcessTable::Reap() {
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    for (const Zone zone : kZones) {
      if (PidOf(zone) != pid) continue;
      ReadControl(zone);  // its last words may say why
      OnEnd(zone, DescribeExit(status).text);
      break;
    }
  }
}

void ProcessTable::OnEnd(Zone zone, const std::string& reason) {
  Slot& slot = SlotOf(zone);
  std::optional<std::chrono::milliseconds> ready_for;
  if (slot.worker != nullptr) {
    ready_for = slot.worker->ReadyFor();
    loop_.Unwatch(slot.worker->control_fd());
    Message ended;
    ended.type = MessageType::kEnded;
    ended.name = ZoneName(zone);
    ended.number = slot.worker->generation();
    slot.worker.reset();
    Send(Zone::kMetrics, ended);
  }
  slot.down_reason = slot.fatal_text.empty() ? reason : std::exchange(slot.fatal_text, {});
  TellMetrics(zone);
  if (!restarting_) {
    logger_.Write(Level::kDebug, kTarget, "worker ended",
                  {{"worker", log::Display{ZoneName(zone)}}, {"reason", std::string_view(reason)}});
    hooks_.ended(zone);
    return;
  }
  const std::optional<std::chrono::milliseconds> delay = slot.policy.OnDeath(ready_for);
  if (!delay) {
    hooks_.fatal(fmt::format("the {} worker ended before it was ready: {}", ZoneName(zone), reason));
    return;
  }
  logger_.Write(Level::kWarn, kTarget, "worker ended, starting it again",
                {{"worker", log::Display{ZoneName(zone)}},
                 {"reason", std::string_view(reason)},
                 {"restarts", slot.restarts + 1},
                 {"delay_ms", static_cast<uint64_t>(delay->count())}});
  hooks_.ended(zone);
  if (delay->count() == 0) {
    StartWorker(zone);
    return;
  }
  slot.restart_timer = loop_.After(*delay, [this, zone] {
    SlotOf(zone).restart_timer = 0;
    StartWorker(zone);
  });
}

void ProcessTable::TellMetrics(Zone zone) {
  const Slot& slot = SlotOf(zone);
  Message message;
  message.type = MessageType::kZone;
  message.name = ZoneName(zone);
  message.number = slot.restarts;
  const bool up = slot.worker != nullptr && slot.worker->ready();
  message.text = up ? "up" : fmt::format("down: {}", slot.down_reason);
  Send(Zone::kMetrics, message);
}

}  // namespace aisix::supervisor
