#include "proxy_worker/snapshot/snapshot_publisher.h"

#include <chrono>
#include <utility>

namespace aisix::proxy {

bool SnapshotPublisher::Publish(const std::shared_ptr<const Snapshot>& snapshot) {
  std::unique_lock lock(progress_->mutex);
  if (progress_->cancelled) return false;
  progress_->swapped = 0;
  for (const Target& target : targets_) {
    target.loop->Post([target, snapshot, progress = progress_]() mutable {
      const auto start = std::chrono::steady_clock::now();
      target.slot->Swap(std::move(snapshot));
      {
        const std::lock_guard done(progress->mutex);
        ++progress->swapped;
      }
      progress->changed.notify_all();
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      if (target.times != nullptr) target.times->Record(spent.count());
    });
  }
  progress_->changed.wait(lock,
                          [this] { return progress_->cancelled || progress_->swapped == targets_.size(); });
  return !progress_->cancelled;
}

void SnapshotPublisher::Cancel() {
  const std::lock_guard lock(progress_->mutex);
  progress_->cancelled = true;
  progress_->changed.notify_all();
}

}  // namespace aisix::proxy
