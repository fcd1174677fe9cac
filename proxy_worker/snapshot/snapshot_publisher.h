// Brings a new snapshot to every loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/async/loop.h"
#include "lib/metrics/series.h"
#include "proxy_worker/snapshot/snapshot_slot.h"

namespace aisix::proxy {

// Publish is called by one thread at a time, Cancel by any. Loops and slots are borrowed.
class SnapshotPublisher {
 public:
  SnapshotPublisher() = default;
  SnapshotPublisher(const SnapshotPublisher&) = delete;
  SnapshotPublisher& operator=(const SnapshotPublisher&) = delete;

  // Before the first Publish. `times` (may be null) is written on the loop: the seconds of processor time
  // that each swap took from it.
  void AddLoop(async::Loop& loop, SnapshotSlot& slot, metrics::Histogram* times = nullptr) {
    targets_.push_back(Target{&loop, &slot, times});
  }
  // Returns when every loop serves from `snapshot`, each having swapped between two of its events. False: it
  // was cancelled meanwhile.
  bool Publish(const std::shared_ptr<const Snapshot>& snapshot);
  // The loops are about to stop: nobody waits for them any more.
  void Cancel();

 private:
  struct Target {
    async::Loop* loop;
    SnapshotSlot* slot;
    metrics::Histogram* times;
  };
  // How many loops are still to swap, and kCancelled. Shared with the posted functions, which may never run;
  // a loop waits for nobody.
  using Progress = std::atomic<uint32_t>;
  static constexpr uint32_t kCancelled = uint32_t{1} << 31;

  static void SwapOn(const Target& target, std::unique_ptr<HeldSnapshot> next, Progress& progress);

  std::vector<Target> targets_;
  std::shared_ptr<Progress> progress_ = std::make_shared<Progress>(0);
};

}  // namespace aisix::proxy
