// Keeps the zones at the newest configuration (DESIGN §1.1, §2). A destination is acknowledged by egress
// before the proxy learns of it, and is taken away from egress only after the proxy acknowledged to be
// without it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admin_worker/push/push_session.h"
#include "admin_worker/resources/configuration.h"
#include "lib/ipc/rpc_channel.h"
#include "lib/log/logger.h"

namespace aisix::admin {

// One thread does everything. Publish, OnLinkReplaced and Stop: any thread.
class Publisher {
 public:
  // Called on the publisher's thread when the proxy acknowledged a configuration.
  using OnApplied = std::function<void(const ConfigurationPtr&)>;

  // The channels and the logger are borrowed. `fixed_destinations`: of the start-up configuration.
  Publisher(const ipc::RpcChannel& proxy, const ipc::RpcChannel& egress,
            std::vector<std::string> fixed_destinations, OnApplied on_applied, log::Logger& logger,
            PushLimits limits = {});
  ~Publisher();  // as Stop
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Replaces what the zones should have.
  void Publish(ConfigurationPtr configuration);
  // A channel has a new descriptor.
  void OnLinkReplaced();
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aisix::admin
