#include "proxy_worker/snapshot/snapshot_reclaimer.h"

#include <utility>

namespace aisix::proxy {

SnapshotReclaimer::~SnapshotReclaimer() {
  stopping_.store(true, std::memory_order_release);
  Wake();
  if (thread_.joinable()) thread_.join();
  FreeRetired();
}

void SnapshotReclaimer::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SnapshotReclaimer::Retire(std::unique_ptr<HeldSnapshot> held) {
  HeldSnapshot* added = held.release();
  HeldSnapshot* before = retired_.load(std::memory_order_relaxed);
  do {
    added->next = before;
  } while (
      !retired_.compare_exchange_weak(before, added, std::memory_order_release, std::memory_order_relaxed));
  // Who put the first one there wakes the thread.
  if (before == nullptr) Wake();
}

void SnapshotReclaimer::Wake() {
  wakes_.fetch_add(1, std::memory_order_release);
  wakes_.notify_one();
}

bool SnapshotReclaimer::FreeRetired() {
  HeldSnapshot* held = retired_.exchange(nullptr, std::memory_order_acquire);
  const bool any = held != nullptr;
  while (held != nullptr) {
    const std::unique_ptr<HeldSnapshot> owned(held);
    held = held->next;
  }
  return any;
}

void SnapshotReclaimer::Run() {
  while (true) {
    const uint32_t seen = wakes_.load(std::memory_order_acquire);
    if (FreeRetired()) continue;
    if (stopping_.load(std::memory_order_acquire)) return;
    wakes_.wait(seen, std::memory_order_acquire);
  }
}

}  // namespace aisix::proxy
