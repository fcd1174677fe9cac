#include "proxy_worker/snapshot/snapshot_slot.h"

#include "lib/os/wipe_stack.h"
#include "proxy_worker/snapshot/snapshot_reclaimer.h"

namespace aisix::proxy {

void PinnedSnapshot::Retire(HeldSnapshot* held) {
  held->reclaimer->Retire(std::unique_ptr<HeldSnapshot>(held));
  os::WipeStack();  // nobody on this loop uses its credentials any more
}

SnapshotSlot::SnapshotSlot(SnapshotReclaimer& reclaimer)
    : reclaimer_(reclaimer),
      held_(Take(std::make_unique<HeldSnapshot>(std::make_shared<const Snapshot>()))) {}

SnapshotSlot::~SnapshotSlot() {
  Drop(held_);
}

void SnapshotSlot::Swap(std::unique_ptr<HeldSnapshot> next) {
  Drop(std::exchange(held_, Take(std::move(next))));
}

HeldSnapshot* SnapshotSlot::Take(std::unique_ptr<HeldSnapshot> next) {
  next->reclaimer = &reclaimer_;
  return next.release();
}

void SnapshotSlot::Drop(HeldSnapshot* held) {
  held->retired = true;
  const PinnedSnapshot last(held);  // retires it at once when no request holds it
}

}  // namespace aisix::proxy
