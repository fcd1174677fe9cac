#include "supervisor/process/process_table.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;
using log::Level;

constexpr std::string_view kTarget = "aisix";

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

Message LinkEnd(const PlannedLink& link, bool server, os::UniqueFd fd) {
  Message message = MakeMessage(MessageType::kLink);
  message.name = link.name;
  message.number = server ? link.server_number : link.client_number;
  message.text = server ? "server" : "client";
  message.fd = std::move(fd);
  return message;
}

}  // namespace

ProcessTable::ProcessTable(EventLoop& loop, log::Logger& logger, Inheritance inheritance, Hooks hooks,
                           Patience patience)
    : loop_(loop),
      logger_(logger),
      inheritance_(inheritance),
      hooks_(std::move(hooks)),
      patience_(patience),
      links_(inheritance.proxy_loops),
      news_(roster_,
            [this](const WorkerProcess& worker, const Message& message) { Deliver(worker, message); }) {}

absl::Status ProcessTable::Start() {
  absl::StatusOr<os::UniqueFd> state = os::CreateMemoryFile("admin-state");
  if (!state.ok()) return state.status();
  admin_state_ = MakeMessage(MessageType::kState, state->release());
  for (const Zone zone : {Zone::kEgress, Zone::kAdmin, Zone::kMetrics}) StartWorker(zone);
  return absl::OkStatus();
}

bool ProcessTable::IsReady(Zone zone) const {
  const ZoneSlot& slot = roster_.Of(zone);
  return slot.current != nullptr && slot.current->ready();
}

pid_t ProcessTable::PidOf(Zone zone) const {
  const ZoneSlot& slot = roster_.Of(zone);
  return slot.current == nullptr ? 0 : slot.current->pid();
}

void ProcessTable::Deliver(const WorkerProcess& worker, const Message& message) {
  const absl::Status status = worker.Send(message);
  if (status.ok() || absl::IsUnavailable(status)) return;  // its death is reported when it is reaped
  logger_.Write(Level::kError, kTarget, "worker does not take a control message",
                {{"worker", log::Display{ZoneName(worker.zone())}}, {"error", Text(status)}});
}

void ProcessTable::Send(Zone zone, const Message& message) {
  for (const WorkerProcess* worker : roster_.All(zone)) {
    if (worker->role == Role::kPrepares || worker->role == Role::kStandsBy) continue;
    Deliver(*worker, message);
  }
}

void ProcessTable::Send(Zone zone, MessageType type) {
  Send(zone, MakeMessage(type));
}

void ProcessTable::BeginDrain() {
  draining_ = true;
  CancelReplacement();
  for (const Zone zone : {Zone::kProxy, Zone::kAdmin, Zone::kMetrics}) Send(zone, MessageType::kDrain);
}

void ProcessTable::StopRestarting() {
  restarting_ = false;
  for (const Zone zone : kZones) loop_.Cancel(std::exchange(roster_.Of(zone).restart_timer, 0));
}

void ProcessTable::Kill(Zone zone) {
  for (const WorkerProcess* worker : roster_.All(zone)) worker->Kill();
}

void ProcessTable::KillAll() {
  StopRestarting();
  if (replacement_) loop_.Cancel(replacement_->timer);
  replacement_.reset();
  for (const Zone zone : kZones) Kill(zone);
  for (const WorkerProcess* worker : roster_.All()) {
    while (::waitpid(worker->pid(), nullptr, 0) < 0 && errno == EINTR) {
    }
    loop_.Unwatch(worker->control_fd());
  }
  for (const Zone zone : kZones) {
    ZoneSlot& slot = roster_.Of(zone);
    slot.current.reset();
    slot.successor.reset();
    slot.retiring.clear();
  }
}

void ProcessTable::StartWorker(Zone zone) {
  ZoneSlot& slot = roster_.Of(zone);
  if (slot.started) ++slot.restarts;
  slot.started = true;
  slot.down_reason = "starting";
  const absl::Status status = TryStartWorker(zone);
  if (status.ok()) {
    logger_.Write(Level::kDebug, kTarget, "worker started",
                  {{"worker", log::Display{ZoneName(zone)}},
                   {"worker_pid", static_cast<int64_t>(slot.current->pid())}});
    news_.OnZone(zone);
  } else if (slot.current != nullptr) {
    slot.current->Kill();  // it could not be given everything; its end is handled like any other
  } else {
    OnCurrentEnd(zone, std::nullopt, std::string(Text(status)));
  }
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> ProcessTable::Launch(Zone zone) {
  absl::StatusOr<std::string> program = inheritance_.programs.Find(ZoneProgram(zone));
  if (!program.ok()) return program.status();
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker =
      WorkerProcess::Start(zone, ++last_generation_, *program);
  if (worker.ok()) Watch(**worker);
  return worker;
}

void ProcessTable::Watch(const WorkerProcess& worker) {
  loop_.Watch(worker.control_fd(), [this, generation = worker.generation()] { ReadControl(generation); });
}

absl::Status ProcessTable::TryStartWorker(Zone zone) {
  absl::StatusOr<std::unique_ptr<WorkerProcess>> worker = Launch(zone);
  if (!worker.ok()) return worker.status();
  WorkerProcess& started = **worker;
  roster_.Of(zone).current = *std::move(worker);
  absl::Status status = Furnish(started, links_.OfActing(zone, started.generation(), roster_.population()));
  if (!status.ok()) return status;
  if (zone == Zone::kMetrics) news_.Introduce(started);
  return absl::OkStatus();
}

absl::Status ProcessTable::Furnish(WorkerProcess& worker, const std::vector<PlannedLink>& planned) {
  std::vector<Message> links;
  if (absl::Status status = Connect(planned, worker.generation(), &links); !status.ok()) return status;
  std::vector<const Message*> more;
  if (worker.zone() == Zone::kAdmin) more.push_back(&admin_state_);
  for (const Message& link : links) more.push_back(&link);
  absl::Status status = SendInheritance(inheritance_, worker, more, ports_.Begin(worker));
  if (!status.ok() || !draining_ || worker.zone() == Zone::kEgress) return status;
  return worker.Send(MakeMessage(MessageType::kDrain));
}

absl::Status ProcessTable::Connect(const std::vector<PlannedLink>& links, uint64_t newcomer,
                                   std::vector<Message>* own) {
  for (const PlannedLink& link : links) {
    absl::StatusOr<os::SocketPair> pair = link.packets ? os::CreatePacketPair() : os::CreateStreamPair();
    if (!pair.ok()) return pair.status();
    for (const bool server : {false, true}) {
      const uint64_t generation = server ? link.server : link.client;
      Message end = LinkEnd(link, server, std::move(server ? pair->second : pair->first));
      if (own != nullptr && generation == newcomer) {
        own->push_back(std::move(end));
      } else if (const WorkerProcess* worker = roster_.Find(generation)) {
        Deliver(*worker, end);
      }
    }
  }
  return absl::OkStatus();
}

void ProcessTable::Resume(const TableState& state) {
  last_generation_ = state.last_generation;
  ports_.Resume(state.ports);
  admin_state_ = MakeMessage(MessageType::kState, state.admin_state);
  std::vector<Message> ended;
  for (const TableState::Totals& totals : state.totals) {
    Message message = MakeMessage(MessageType::kEnded, totals.file);
    message.name = ZoneName(totals.zone);
    message.number = totals.generation;
    ended.push_back(std::move(message));
  }
  news_.Resume(std::move(ended));
  for (const TableState::ZoneHistory& zone : state.zones) {
    ZoneSlot& slot = roster_.Of(zone.zone);
    slot.started = true;
    slot.restarts = zone.restarts;
    slot.exits = zone.exits;
    slot.policy.Resume(zone.ever_ready, zone.early_deaths);
  }
  for (const TableState::Worker& saved : state.workers) {
    auto worker = std::make_unique<WorkerProcess>(saved.zone, saved.generation, saved.pid,
                                                  os::UniqueFd(saved.control), os::UniqueFd(saved.totals));
    if (saved.ready_ms >= 0) {
      worker->MarkReady(WorkerProcess::Clock::now() - std::chrono::milliseconds(saved.ready_ms));
    }
    worker->role = saved.retiring ? Role::kReleased : Role::kActing;
    worker->ports = ports_.known();
    Watch(*worker);
    ZoneSlot& slot = roster_.Of(saved.zone);
    if (saved.retiring) {
      slot.retiring.push_back(std::move(worker));
    } else {
      slot.current = std::move(worker);
    }
  }
  all_ready_reported_ = true;
  for (const Zone zone : kZones) {
    if (roster_.Of(zone).current == nullptr) StartWorker(zone);
  }
}

TableState ProcessTable::Save() const {
  TableState state;
  state.last_generation = last_generation_;
  state.ports = ports_.known();
  state.admin_state = admin_state_.fd.get();
  for (const Message& message : news_.ended()) {
    state.totals.push_back({*ZoneOfName(message.name), message.number, message.fd.get()});
  }
  for (const Zone zone : kZones) {
    const ZoneSlot& slot = roster_.Of(zone);
    state.zones.push_back(
        {zone, slot.restarts, slot.policy.ever_ready(), slot.policy.early_deaths(), slot.exits});
    for (const WorkerProcess* worker : roster_.All(zone)) {
      const auto ready_for = worker->ReadyFor();
      state.workers.push_back({zone, worker->generation(), worker->pid(), worker->control_fd(),
                               worker->totals.get(), worker != slot.current.get(),
                               ready_for ? static_cast<int64_t>(ready_for->count()) : -1});
    }
  }
  return state;
}

}  // namespace aisix::supervisor
