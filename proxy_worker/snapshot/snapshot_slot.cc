#include "proxy_worker/snapshot/snapshot_slot.h"

#include "proxy_worker/snapshot/snapshot_reclaimer.h"

namespace aisix::proxy {
namespace internal {

void HeldSnapshot::Unpin() {
  if (--pins > 0 || !retired) return;
  reclaimer->Retire(std::move(snapshot));
  delete this;
}

}  // namespace internal

namespace {

internal::HeldSnapshot* Hold(std::shared_ptr<const Snapshot> snapshot, SnapshotReclaimer& reclaimer) {
  auto* held = new internal::HeldSnapshot;
  held->snapshot = std::move(snapshot);
  held->reclaimer = &reclaimer;
  return held;
}

}  // namespace

SnapshotSlot::SnapshotSlot(SnapshotReclaimer& reclaimer)
    : reclaimer_(reclaimer), held_(Hold(std::make_shared<const Snapshot>(), reclaimer)) {}

SnapshotSlot::~SnapshotSlot() {
  ++held_->pins;
  held_->retired = true;
  held_->Unpin();
}

void SnapshotSlot::Swap(std::shared_ptr<const Snapshot> next) {
  internal::HeldSnapshot* old = std::exchange(held_, Hold(std::move(next), reclaimer_));
  // A pin of its own, so that the last Unpin (here, when no request holds the old one) retires it.
  ++old->pins;
  old->retired = true;
  old->Unpin();
}

}  // namespace aisix::proxy
