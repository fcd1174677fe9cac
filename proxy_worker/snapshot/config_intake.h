// Receives configuration from the admin zone and puts it into effect on every loop (DESIGN §2).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "lib/ipc/config_service.h"
#include "lib/log/logger.h"
#include "proxy_worker/snapshot/prepared_push.h"
#include "proxy_worker/snapshot/snapshot_builder.h"
#include "proxy_worker/snapshot/snapshot_publisher.h"

namespace aisix::proxy {

class ConfigIntake : public ipc::ConfigReceiver {
 public:
  // `publisher` and `logger` are borrowed. `on_applied` runs after each push that is in effect, on the thread
  // that brought it.
  ConfigIntake(ProviderPlanner planner, SnapshotPublisher& publisher, log::Logger& logger,
               std::function<void()> on_applied);
  ConfigIntake(const ConfigIntake&) = delete;
  ConfigIntake& operator=(const ConfigIntake&) = delete;

  // Compiles the documents, off the loops.
  void Prepare(ipc::ConfigBatch& batch) override;
  // Returns when all loops serve from what was pushed. A document that cannot be used is answered with the
  // reason; its previous version, if there is one, stays in effect.
  std::vector<ipc::ConfigRefusal> Apply(ipc::ConfigBatch batch) override;

  // Makes the plans of all provider keys anew, because what `planner` stands on changed (TLS files). Any
  // thread.
  void Replan(ProviderPlanner planner);

  // What was published last; never null. Any thread.
  std::shared_ptr<const Snapshot> current() const;

 private:
  PreparedPush& PrepareLocked(ipc::ConfigBatch& batch);
  void TakeLocked(PreparedPush& push);
  void PublishLocked();

  SnapshotPublisher& publisher_;
  log::Logger& logger_;
  std::function<void()> on_applied_;

  std::mutex apply_mutex_;  // one change at a time
  SnapshotBuilder builder_;
  bool has_configuration_ = false;
  int64_t revision_ = 0;

  mutable std::mutex current_mutex_;
  std::shared_ptr<const Snapshot> current_ = std::make_shared<const Snapshot>();
};

}  // namespace aisix::proxy
