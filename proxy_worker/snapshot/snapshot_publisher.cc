#include "proxy_worker/snapshot/snapshot_publisher.h"

#include <time.h>

#include <utility>

namespace aisix::proxy {
namespace {

// Of the calling thread. What others do on its core meanwhile is not spent by it.
double ProcessorSeconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace

void SnapshotPublisher::SwapOn(const Target& target, std::unique_ptr<HeldSnapshot> next, Progress& progress) {
  const double start = ProcessorSeconds();
  target.slot->Swap(std::move(next));
  if (((progress.fetch_sub(1, std::memory_order_acq_rel) - 1) & ~kCancelled) == 0) progress.notify_all();
  if (target.times != nullptr) target.times->Record(ProcessorSeconds() - start);
}

bool SnapshotPublisher::Publish(const std::shared_ptr<const Snapshot>& snapshot) {
  Progress& progress = *progress_;
  const auto loops = static_cast<uint32_t>(targets_.size());
  if ((progress.fetch_add(loops, std::memory_order_acq_rel) & kCancelled) != 0) return false;
  for (const Target& target : targets_) {
    target.loop->Post([target, next = std::make_unique<HeldSnapshot>(snapshot),
                       progress = progress_]() mutable { SwapOn(target, std::move(next), *progress); });
  }
  uint32_t left = progress.load(std::memory_order_acquire);
  while (left != 0 && (left & kCancelled) == 0) {
    progress.wait(left, std::memory_order_acquire);
    left = progress.load(std::memory_order_acquire);
  }
  return (left & kCancelled) == 0;
}

void SnapshotPublisher::Cancel() {
  progress_->fetch_or(kCancelled, std::memory_order_acq_rel);
  progress_->notify_all();
}

}  // namespace aisix::proxy
