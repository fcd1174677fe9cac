// The TCP ports of the destinations: what egress is locked to (DESIGN §1.3).
#pragma once

#include <cstdint>
#include <map>

#include "admin_worker/push/zone_content.h"
#include "lib/control/port_set.h"

namespace aisix::admin {

// One thread.
class DestinationPorts {
 public:
  // The destinations are `destinations` now. Looks only at those that changed since the last call.
  void Update(const DestinationSet& destinations);
  control::PortSet ports() const;

 private:
  DestinationSet destinations_;
  std::map<uint16_t, uint32_t> users_;  // how many destinations have the port
};

}  // namespace aisix::admin
