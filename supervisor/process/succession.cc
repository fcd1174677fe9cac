// ProcessTable: one worker takes over from another while both run.
//
// Most zones: the successor gets its links beside the current worker, becomes ready, and then the current one
// is released. Zones of which two must not act at once (StandsBy): the successor prepares all that can fail,
// the current one lets go (kReleased) and only finishes its calls, then the successor is connected and acts.
#include <fmt/core.h>

#include <utility>

#include "supervisor/process/process_table.h"

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;
using log::Level;

constexpr std::string_view kTarget = "aisix";
constexpr std::chrono::seconds kWidenAgain{5};

Message ReleaseMessage() {
  Message message = MakeMessage(MessageType::kRelease);
  message.text = "replaced";
  return message;
}

}  // namespace

void ProcessTable::Replace(Zone zone, Replaced done) {
  if (replacement_ || draining_ || !IsReady(zone)) {
    done(
        absl::FailedPreconditionError(replacement_ ? "another zone is being replaced" : "it does not serve"));
    return;
  }
  replacement_ = Replacement{zone, std::move(done)};
  absl::StatusOr<std::unique_ptr<WorkerProcess>> launched = Launch(zone);
  if (!launched.ok()) {
    FinishReplacement(launched.status());
    return;
  }
  WorkerProcess& successor = **launched;
  roster_.Of(zone).successor = *std::move(launched);
  std::vector<PlannedLink> links;
  if (StandsBy(zone)) {
    successor.role = Role::kPrepares;
  } else {
    links = links_.OfActing(zone, successor.generation(), roster_.population());
  }
  LimitReplacement(patience_.prepare, successor.generation());
  const absl::Status status = Furnish(successor, links);
  if (!status.ok()) {
    successor.fatal_text = std::string(status.message());
    successor.Kill();
  }
}

// Whoever takes too long is killed; its end has its consequences.
void ProcessTable::LimitReplacement(std::chrono::milliseconds limit, uint64_t generation) {
  loop_.Cancel(replacement_->timer);
  replacement_->timer = loop_.After(limit, [this, generation] {
    if (replacement_) replacement_->timer = 0;
    WorkerProcess* worker = roster_.Find(generation);
    if (worker == nullptr) return;
    worker->fatal_text = "it took too long while its zone was being replaced";
    worker->Kill();
  });
}

void ProcessTable::OnPrepared(WorkerProcess& worker) {
  worker.role = Role::kStandsBy;
  const Zone zone = worker.zone();
  if (roster_.Of(zone).current.get() == &worker) {
    Activate(zone);  // its predecessor has died meanwhile
  } else {
    LetGo(zone);
  }
}

void ProcessTable::LetGo(Zone zone) {
  WorkerProcess& old = *roster_.Of(zone).current;
  if (zone == Zone::kMetrics) news_.OnReleasing();
  old.role = Role::kReleased;
  LimitReplacement(patience_.let_go, old.generation());
  Deliver(old, ReleaseMessage());
}

void ProcessTable::OnReleased(WorkerProcess& worker) {
  const Zone zone = worker.zone();
  ZoneSlot& slot = roster_.Of(zone);
  if (worker.role != Role::kReleased) return;  // at the end of the process
  if (zone == Zone::kMetrics) {
    news_.OnReleased(worker.generation(), std::move(worker.totals));
  } else {
    OnTotals(zone, worker.generation(), std::move(worker.totals));
  }
  if (slot.current.get() != &worker) return;  // it has a successor that acts
  Retire(slot);
  if (slot.successor == nullptr) {
    if (restarting_) StartWorker(zone);  // it came to nothing when there was no way back
    return;
  }
  slot.current = std::move(slot.successor);
  Activate(zone);
}

void ProcessTable::Retire(ZoneSlot& slot) {
  slot.retiring.push_back(std::move(slot.current));
}

void ProcessTable::Activate(Zone zone) {
  WorkerProcess& worker = *roster_.Of(zone).current;
  worker.role = Role::kActing;
  if (replacement_) loop_.Cancel(std::exchange(replacement_->timer, 0));
  // Files may have changed since it started.
  for (const Message* file : inheritance_.files.ForStart(zone)) Deliver(worker, *file);
  const absl::Status status =
      Connect(links_.OfActing(zone, worker.generation(), roster_.population()), 0, nullptr);
  if (!status.ok()) {
    worker.fatal_text = std::string(status.message());
    worker.Kill();
    return;
  }
  if (zone == Zone::kMetrics) news_.Introduce(worker);
  Deliver(worker, MakeMessage(MessageType::kActivate));
  if (draining_) Deliver(worker, MakeMessage(MessageType::kDrain));
  roster_.Of(zone).down_reason = "starting";
  news_.OnZone(zone);
}

// The successor is ready and acts already: it becomes the current one, with what only that has.
void ProcessTable::Promote(Zone zone) {
  ZoneSlot& slot = roster_.Of(zone);
  Retire(slot);
  WorkerProcess& old = *slot.retiring.back();
  old.role = Role::kReleased;
  slot.current = std::move(slot.successor);
  const absl::Status status =
      Connect(links_.OfPromoted(zone, slot.current->generation(), roster_.population()), 0, nullptr);
  if (!status.ok()) {  // the old one has let go of nothing yet, but this one cannot do without
    slot.current->fatal_text = std::string(status.message());
    slot.current->Kill();
  }
  Deliver(old, ReleaseMessage());
}

// The current worker died before its successor was ready: that one need not wait any longer.
void ProcessTable::SucceedTheDead(Zone zone) {
  ZoneSlot& slot = roster_.Of(zone);
  slot.current = std::move(slot.successor);
  slot.down_reason = "starting";
  ++slot.restarts;
  WorkerProcess& worker = *slot.current;
  if (worker.role == Role::kStandsBy) {
    Activate(zone);
  } else if (worker.role == Role::kActing) {
    const absl::Status status =
        Connect(links_.OfPromoted(zone, worker.generation(), roster_.population()), 0, nullptr);
    if (!status.ok()) worker.Kill();
  }
  news_.OnZone(zone);
}

void ProcessTable::GiveUp(Zone zone, const std::string& reason) {
  const ZoneSlot& slot = roster_.Of(zone);
  if (slot.current != nullptr && slot.current->role == Role::kActing && !StandsBy(zone)) {
    const absl::Status status =
        Connect(links_.OfReinstated(zone, slot.current->generation(), roster_.population()), 0, nullptr);
    if (!status.ok()) slot.current->Kill();  // without its links it is of no use
  }
  FinishReplacement(absl::AbortedError(reason));
}

void ProcessTable::FinishReplacement(const absl::Status& status) {
  if (!replacement_) return;
  loop_.Cancel(replacement_->timer);
  const Zone zone = replacement_->zone;
  const Replaced done = std::move(replacement_->done);
  replacement_.reset();
  if (status.ok()) {
    logger_.Write(Level::kInfo, kTarget, "worker replaced", {{"worker", log::Display{ZoneName(zone)}}});
  } else {
    logger_.Write(Level::kError, kTarget, "worker is not replaced",
                  {{"worker", log::Display{ZoneName(zone)}},
                   {"error", std::string_view(status.message().data(), status.message().size())}});
  }
  done(status);
  if (zone == Zone::kEgress && !status.ok()) loop_.After(kWidenAgain, [this] { WidenEgress(); });
}

void ProcessTable::CancelReplacement() {
  if (!replacement_) return;
  ZoneSlot& slot = roster_.Of(replacement_->zone);
  if (slot.successor == nullptr || slot.current == nullptr || slot.current->role != Role::kActing) return;
  slot.successor->fatal_text = "the process is being stopped";
  slot.successor->Kill();
}

}  // namespace aisix::supervisor
