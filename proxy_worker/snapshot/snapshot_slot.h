// The snapshot that one loop serves from, and the pins of its requests (DESIGN §2, §3).
#pragma once

#include <memory>
#include <utility>

#include "proxy_worker/snapshot/held_snapshot.h"

namespace aisix::proxy {

// Keeps the snapshot that a request started with. Movable; used and destroyed on the loop that made it.
class PinnedSnapshot {
 public:
  explicit PinnedSnapshot(HeldSnapshot* held) : held_(held) { ++held_->pins; }
  PinnedSnapshot(PinnedSnapshot&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  PinnedSnapshot& operator=(PinnedSnapshot&&) = delete;
  ~PinnedSnapshot() {
    if (held_ == nullptr) return;
    if (--held_->pins == 0 && held_->retired) Retire(held_);
  }
  const Snapshot& operator*() const { return *held_->snapshot; }
  const Snapshot* operator->() const { return held_->snapshot.get(); }

 private:
  static void Retire(HeldSnapshot* held);

  HeldSnapshot* held_;
};

// Belongs to one loop; every method is called on it. Must outlive all pins.
class SnapshotSlot {
 public:
  // Starts with the empty snapshot. `reclaimer` is borrowed and outlives the slot.
  explicit SnapshotSlot(SnapshotReclaimer& reclaimer);
  ~SnapshotSlot();
  SnapshotSlot(const SnapshotSlot&) = delete;
  SnapshotSlot& operator=(const SnapshotSlot&) = delete;

  PinnedSnapshot Pin() { return PinnedSnapshot(held_); }
  const Snapshot& current() const { return *held_->snapshot; }
  // Call it between two events. The old snapshot goes to the reclaimer when its last pin does. Allocates and
  // frees nothing, and waits for nobody.
  void Swap(std::unique_ptr<HeldSnapshot> next);

 private:
  HeldSnapshot* Take(std::unique_ptr<HeldSnapshot> next);
  static void Drop(HeldSnapshot* held);

  SnapshotReclaimer& reclaimer_;
  HeldSnapshot* held_;
};

}  // namespace aisix::proxy
