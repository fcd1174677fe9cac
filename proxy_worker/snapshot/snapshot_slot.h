// The snapshot that one loop serves from, and the pins of its requests (DESIGN §2, §3).
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

class SnapshotReclaimer;

namespace internal {
// One snapshot as one loop holds it. Not shared between loops: the counter is a plain integer.
struct HeldSnapshot {
  std::shared_ptr<const Snapshot> snapshot;
  SnapshotReclaimer* reclaimer = nullptr;
  uint32_t pins = 0;
  bool retired = false;

  void Unpin();
};
}  // namespace internal

// Keeps the snapshot that a request started with. Movable; used and destroyed on the loop that made it.
class PinnedSnapshot {
 public:
  explicit PinnedSnapshot(internal::HeldSnapshot* held) : held_(held) { ++held_->pins; }
  PinnedSnapshot(PinnedSnapshot&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  PinnedSnapshot& operator=(PinnedSnapshot&&) = delete;
  ~PinnedSnapshot() {
    if (held_ != nullptr) held_->Unpin();
  }
  const Snapshot& operator*() const { return *held_->snapshot; }
  const Snapshot* operator->() const { return held_->snapshot.get(); }

 private:
  internal::HeldSnapshot* held_;
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
  // Call it between two events. The old snapshot goes when its last pin does.
  void Swap(std::shared_ptr<const Snapshot> next);

 private:
  SnapshotReclaimer& reclaimer_;
  internal::HeldSnapshot* held_;
};

}  // namespace aisix::proxy
