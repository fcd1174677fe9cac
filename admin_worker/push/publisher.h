// Keeps the zones at the newest configuration (DESIGN §1.1, §2). A destination is acknowledged by egress
// before the proxy learns of it, and is taken away from egress only after the proxy acknowledged to be
// without it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin_worker/push/push_metrics.h"
#include "admin_worker/push/push_session.h"
#include "admin_worker/push/refusal_table.h"
#include "admin_worker/resources/configuration.h"
#include "lib/control/port_set.h"
#include "lib/ipc/rpc_channel.h"
#include "lib/log/logger.h"

namespace aisix::admin {

// One thread does everything. Publish, OnLinkReplaced, AppendMetrics and Stop: any thread.
//
// One push at a time is on its way to a zone; what is published meanwhile is not queued: the newest
// configuration follows. What a zone refuses is taken back: every zone gets the value that was in service
// before, until the source changes the document.
class Publisher {
 public:
  // Called on the publisher's thread when every zone has acknowledged a configuration, with the refusals that
  // stand; again when they change.
  using OnApplied = std::function<void(const ConfigurationPtr&, const std::vector<PushRefusal>&)>;

  // Called on the publisher's thread with the TCP ports of all destinations, when they change, before egress
  // learns of them.
  using OnPorts = std::function<void(const control::PortSet&)>;

  // The channels and the logger are borrowed. `fixed_destinations`: of the start-up configuration.
  Publisher(
      const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
      std::vector<std::string> fixed_destinations, OnApplied on_applied, log::Logger& logger,
      PushLimits limits = {}, OnPorts on_ports = [](const control::PortSet&) {});
  ~Publisher();  // as Stop
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Replaces what the zones should have.
  void Publish(ConfigurationPtr configuration);
  // A channel has a new descriptor.
  void OnLinkReplaced();
  void AppendMetrics(std::vector<metrics::Family>& families) const;
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aisix::admin
