// When SIGUSR2 may have its effect.
#pragma once

#include <cstdint>

#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/drain.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/reload.h"
#include "supervisor/run/replacement.h"
#include "supervisor/service/service_manager.h"
#include "supervisor/upgrade/upgrade.h"

namespace aisix::supervisor {

// Before the gateway serves, and while it drains, the signal has no effect but a line in the log. While
// workers are being replaced (by an earlier one), or a reload is under way, it waits for the end of that;
// several that wait, or come while one is being prepared, are one. The loop goes on meanwhile: workers are
// started again, and a reload has its effect before the upgrade has.
class UpgradeRequest {
 public:
  // Everything borrowed.
  UpgradeRequest(EventLoop& loop, log::Logger& logger, ProcessTable& table,
                 const ZoneReplacement& replacement, const Drain& drain, const Reload& reload,
                 ServiceManager& service, Upgrade& upgrade)
      : loop_(loop),
        logger_(logger),
        table_(table),
        replacement_(replacement),
        drain_(drain),
        reload_(reload),
        service_(service),
        upgrade_(upgrade) {}
  UpgradeRequest(const UpgradeRequest&) = delete;
  UpgradeRequest& operator=(const UpgradeRequest&) = delete;

  void OnSignal();

 private:
  void Try();
  void OnPrepared(const absl::Status& status);
  void Execute();
  bool MustWait() const;
  bool Refused();
  void Fail(const absl::Status& status);

  EventLoop& loop_;
  log::Logger& logger_;
  ProcessTable& table_;
  const ZoneReplacement& replacement_;
  const Drain& drain_;
  const Reload& reload_;
  ServiceManager& service_;
  Upgrade& upgrade_;
  bool pending_ = false;  // a signal has come and has had no effect yet
  uint64_t reloads_ = 0;  // that had ended when the preparation began
};

}  // namespace aisix::supervisor
