// Frees retired snapshots, so that no loop spends time on destroying a large one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "proxy_worker/snapshot/held_snapshot.h"

namespace aisix::proxy {

// Owns a thread from Start() on; before that retired snapshots wait. Retire may be called from any thread; it
// takes no lock and allocates nothing.
class SnapshotReclaimer {
 public:
  SnapshotReclaimer() = default;
  ~SnapshotReclaimer();  // frees what is left, then ends the thread
  SnapshotReclaimer(const SnapshotReclaimer&) = delete;
  SnapshotReclaimer& operator=(const SnapshotReclaimer&) = delete;

  void Start();
  void Retire(std::unique_ptr<HeldSnapshot> held);

 private:
  void Run();
  // False: there was nothing.
  bool FreeRetired();
  void Wake();

  std::atomic<HeldSnapshot*> retired_{nullptr};  // the newest first
  std::atomic<uint32_t> wakes_{0};               // counts; the thread waits for the next one
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace aisix::proxy
