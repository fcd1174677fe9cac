// Keeps what is known of etcd outside of this process, away from the path of a change: the snapshot cache on
// disk, and new images of the state memory.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "admin_worker/source/etcd/etcd_status.h"
#include "admin_worker/source/etcd/persistence/snapshot_cache.h"
#include "admin_worker/source/etcd/persistence/state_log.h"
#include "lib/log/logger.h"

namespace aisix::admin::etcd {

class Keeper {
 public:
  // Everything is borrowed. `cache`: null when it is off. `forget`: as Forget, where others keep something.
  Keeper(StateLog& log, const CacheFile* cache, const EtcdStatus& status, std::function<void()> forget,
         log::Logger& logger);
  ~Keeper();  // as Stop
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void Start();
  // What is to be kept; call it before the batch that led to it is appended to the log. Any thread.
  void Note(VersionPtr version);
  // Credentials were replaced that the log still holds: a new image goes without them. Call it once the batch
  // that replaced them is appended. Any thread.
  void Forget();
  // Writes what was noted last.
  void Stop();

 private:
  void Run();
  void Rewrite();
  void WriteCache(const VersionPtr& version);

  StateLog& log_;
  const CacheFile* const cache_;
  const EtcdStatus& status_;
  const std::function<void()> forget_elsewhere_;
  log::Logger& logger_;
  std::string told_error_;
  std::mutex mutex_;
  std::condition_variable wake_;
  VersionPtr latest_;      // guarded by mutex_
  bool changed_ = false;   // guarded by mutex_
  bool forget_ = false;    // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace aisix::admin::etcd
