// Frees retired snapshots, so that no loop spends time on destroying a large one.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// Owns a thread from Start() on; before that retired snapshots wait. Retire may be called from any thread.
class SnapshotReclaimer {
 public:
  SnapshotReclaimer() = default;
  ~SnapshotReclaimer();  // frees what is left, then ends the thread
  SnapshotReclaimer(const SnapshotReclaimer&) = delete;
  SnapshotReclaimer& operator=(const SnapshotReclaimer&) = delete;

  void Start();
  void Retire(std::shared_ptr<const Snapshot> snapshot);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<const Snapshot>> retired_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aisix::proxy
