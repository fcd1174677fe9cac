// ProcessTable: what workers say, and their end.
#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "supervisor/process/process_table.h"

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;
using log::Level;
using namespace std::chrono_literals;

constexpr std::string_view kTarget = "aisix";
constexpr std::chrono::seconds kExitPatience{1};
constexpr std::chrono::seconds kOldEnough{60};
constexpr size_t kLongestReason = 1000;  // of a report that may be long
constexpr size_t kManyTotals = 50;       // files, which stay open

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// The owner's pointer, out of the slot.
std::unique_ptr<WorkerProcess> Take(ZoneSlot& slot, const WorkerProcess& worker) {
  if (slot.current.get() == &worker) return std::move(slot.current);
  if (slot.successor.get() == &worker) return std::move(slot.successor);
  const auto found = std::find_if(slot.retiring.begin(), slot.retiring.end(),
                                  [&](const auto& retiring) { return retiring.get() == &worker; });
  std::unique_ptr<WorkerProcess> taken = std::move(*found);
  slot.retiring.erase(found);
  return taken;
}

}  // namespace

void ProcessTable::ReadControl(uint64_t generation) {
  while (WorkerProcess* worker = roster_.Find(generation)) {
    absl::StatusOr<std::optional<Message>> message = worker->Receive();
    if (!message.ok()) {
      OnLinkLost(*worker, message.status());
      return;
    }
    if (!message->has_value()) return;
    OnMessage(*worker, **message);
  }
}

// Without a control link a worker is of no use.
void ProcessTable::OnLinkLost(WorkerProcess& worker, const absl::Status& status) {
  loop_.Unwatch(worker.control_fd());
  if (absl::IsUnavailable(status)) {
    // Most likely it is exiting: its exit code is worth waiting for.
    loop_.After(kExitPatience, [this, generation = worker.generation()] {
      if (const WorkerProcess* late = roster_.Find(generation)) late->Kill();
    });
    return;
  }
  logger_.Write(Level::kError, kTarget, "worker sent a bad control message",
                {{"worker", log::Display{ZoneName(worker.zone())}}, {"error", Text(status)}});
  worker.Kill();
}

void ProcessTable::OnMessage(WorkerProcess& worker, const Message& message) {
  const Zone zone = worker.zone();
  switch (message.type) {
    case MessageType::kReady:
      if (worker.role == Role::kPrepares) {
        OnPrepared(worker);
      } else if (!worker.ready()) {
        OnReady(worker);
      }
      return;
    case MessageType::kFatal:
      if (!roster_.Of(zone).policy.ever_ready()) {
        hooks_.fatal(message.text);
        return;
      }
      // Others still serve with what this zone gave them: it is tried again, like after any other death.
      logger_.Write(Level::kError, kTarget, "worker cannot run",
                    {{"worker", log::Display{ZoneName(zone)}}, {"error", std::string_view(message.text)}});
      worker.fatal_text = message.text.substr(0, kLongestReason);
      worker.Kill();
      return;
    case MessageType::kInFlight: {
      worker.in_flight = message.number;
      if (zone != Zone::kProxy) return;
      uint64_t sum = 0;
      for (const WorkerProcess* proxy : roster_.All(zone)) sum += proxy->in_flight;
      hooks_.in_flight(sum);
      return;
    }
    case MessageType::kReleased:
      OnReleased(worker);
      return;
    case MessageType::kReloaded:
      if (roster_.Of(zone).current.get() == &worker) hooks_.reloaded(zone, message.number, message.text);
      return;
    case MessageType::kReplaceMe:
      // Not again and again: one that was taken over could keep everybody busy.
      if (worker.role != Role::kActing || worker.ReadyFor().value_or(0ms) < kOldEnough) return;
      logger_.Write(Level::kInfo, kTarget, "worker asks to be replaced",
                    {{"worker", log::Display{ZoneName(zone)}}, {"reason", std::string_view(message.text)}});
      hooks_.replace_me(zone);
      return;
    case MessageType::kDestinationPorts:
      OnDestinationPorts(worker, message);
      return;
    default:
      logger_.Write(
          Level::kWarn, kTarget, "worker sent an unexpected control message",
          {{"worker", log::Display{ZoneName(zone)}}, {"type", static_cast<uint64_t>(message.type)}});
  }
}

void ProcessTable::OnDestinationPorts(const WorkerProcess& worker, const Message& message) {
  absl::StatusOr<control::PortSet> ports = control::PortSet::Decode(message.text);
  if (worker.zone() != Zone::kAdmin || worker.role != Role::kActing || !ports.ok()) return;
  ports_.Set(*std::move(ports));
  for (WorkerProcess* egress : roster_.All(Zone::kEgress)) {
    if (const std::optional<Message> news = ports_.News(*egress)) Deliver(*egress, *news);
  }
  WidenEgress();
}

void ProcessTable::WidenEgress() {
  const ZoneSlot& egress = roster_.Of(Zone::kEgress);
  const WorkerProcess* newest = egress.successor != nullptr ? egress.successor.get() : egress.current.get();
  if (newest == nullptr || !ports_.IsTooNarrow(*newest)) return;
  logger_.Write(Level::kInfo, kTarget, "the configuration leads to other ports",
                {{"worker", log::Display{ZoneName(Zone::kEgress)}},
                 {"consequence", log::Display{"it is replaced by one that may connect to them"}}});
  hooks_.replace_me(Zone::kEgress);
}

void ProcessTable::OnReady(WorkerProcess& worker) {
  const Zone zone = worker.zone();
  ZoneSlot& slot = roster_.Of(zone);
  worker.MarkReady();
  slot.policy.OnReady();
  logger_.Write(Level::kInfo, kTarget, "worker ready",
                {{"worker", log::Display{ZoneName(zone)}},
                 {"worker_pid", static_cast<int64_t>(worker.pid())},
                 {"restarts", slot.restarts}});
  if (slot.successor.get() == &worker) Promote(zone);
  news_.OnZone(zone);
  hooks_.ready(zone);
  if (!roster_.Of(Zone::kProxy).started && roster_.Of(Zone::kEgress).policy.ever_ready() &&
      roster_.Of(Zone::kAdmin).policy.ever_ready()) {
    StartWorker(Zone::kProxy);
  }
  if (!all_ready_reported_ && std::all_of(kZones.begin(), kZones.end(), [this](Zone each) {
        return roster_.Of(each).policy.ever_ready();
      })) {
    all_ready_reported_ = true;
    hooks_.all_ready();
  }
  if (replacement_ && replacement_->zone == zone && slot.current.get() == &worker) {
    FinishReplacement(absl::OkStatus());
  }
  if (zone == Zone::kEgress) WidenEgress();
}

void ProcessTable::Reap() {
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    const WorkerProcess* worker = roster_.FindProcess(pid);
    if (worker == nullptr) {
      hooks_.other_ended(pid, DescribeExit(status));
      continue;
    }
    ReadControl(worker->generation());  // its last words may say why
    if (WorkerProcess* gone = roster_.FindProcess(pid)) OnEnd(*gone, DescribeExit(status));
  }
}

void ProcessTable::OnEnd(WorkerProcess& worker, const Exit& exit) {
  const Zone zone = worker.zone();
  ZoneSlot& slot = roster_.Of(zone);
  const bool current = slot.current.get() == &worker;
  const bool successor = slot.successor.get() == &worker;
  loop_.Unwatch(worker.control_fd());
  const std::unique_ptr<WorkerProcess> gone = Take(slot, worker);

  ++slot.exits[exit.label];
  news_.OnExit(zone, exit.label);
  const bool left_totals = exit.orderly && gone->role == Role::kReleased;
  OnTotals(zone, gone->generation(), left_totals ? std::move(gone->totals) : os::UniqueFd());
  const std::string reason = gone->fatal_text.empty() ? exit.text : gone->fatal_text;
  if (successor) {
    GiveUp(zone, reason);
  } else if (!current) {
    logger_.Write(exit.orderly ? Level::kInfo : Level::kWarn, kTarget, "replaced worker ended",
                  {{"worker", log::Display{ZoneName(zone)}},
                   {"worker_pid", static_cast<int64_t>(gone->pid())},
                   {"reason", std::string_view(exit.text)}});
    hooks_.ended(zone);
  } else {
    slot.down_reason = reason;
    OnCurrentEnd(zone, gone->ReadyFor(), exit.text);
  }
}

// A metrics worker that is replaced adds up what all have left: one file instead of many.
void ProcessTable::OnTotals(Zone zone, uint64_t generation, os::UniqueFd totals) {
  const bool kept = totals.valid();
  news_.OnEnded(zone, generation, std::move(totals));
  if (kept && news_.ended().size() % kManyTotals == 0) hooks_.replace_me(Zone::kMetrics);
}

void ProcessTable::OnCurrentEnd(Zone zone, std::optional<std::chrono::milliseconds> ready_for,
                                const std::string& reason) {
  ZoneSlot& slot = roster_.Of(zone);
  if (slot.down_reason == "starting") slot.down_reason = reason;
  news_.OnZone(zone);
  if (slot.successor != nullptr) {
    logger_.Write(Level::kWarn, kTarget, "worker ended while it was being replaced",
                  {{"worker", log::Display{ZoneName(zone)}}, {"reason", std::string_view(reason)}});
    SucceedTheDead(zone);
    hooks_.ended(zone);
    return;
  }
  if (!restarting_) {
    logger_.Write(Level::kDebug, kTarget, "worker ended",
                  {{"worker", log::Display{ZoneName(zone)}}, {"reason", std::string_view(reason)}});
    hooks_.ended(zone);
    return;
  }
  ScheduleRestart(zone, ready_for, reason);
  if (replacement_ && replacement_->zone == zone) FinishReplacement(absl::AbortedError(reason));
}

void ProcessTable::ScheduleRestart(Zone zone, std::optional<std::chrono::milliseconds> ready_for,
                                   const std::string& reason) {
  ZoneSlot& slot = roster_.Of(zone);
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
    roster_.Of(zone).restart_timer = 0;
    StartWorker(zone);
  });
}

}  // namespace aisix::supervisor
