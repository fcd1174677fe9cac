#include "proxy_worker/snapshot/snapshot_reclaimer.h"

#include <utility>

namespace aisix::proxy {

SnapshotReclaimer::~SnapshotReclaimer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SnapshotReclaimer::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SnapshotReclaimer::Retire(std::shared_ptr<const Snapshot> snapshot) {
  {
    std::lock_guard lock(mutex_);
    retired_.push_back(std::move(snapshot));
  }
  wake_.notify_one();
}

void SnapshotReclaimer::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !retired_.empty(); });
    std::vector<std::shared_ptr<const Snapshot>> batch = std::exchange(retired_, {});
    bool last = stopping_;
    lock.unlock();
    batch.clear();
    if (last) return;
    lock.lock();
  }
}

}  // namespace aisix::proxy
