// The TCP ports of the destinations, from the admin zone to egress: an egress worker is locked to those that
// are known when it starts (DESIGN §1.3).
#pragma once

#include <optional>

#include "lib/control/message.h"
#include "lib/control/port_set.h"
#include "supervisor/process/worker_process.h"

namespace aisix::supervisor {

class EgressPorts {
 public:
  // kBegin for a worker. One of egress is from then on locked to what is known, or waits until admin has
  // told.
  control::Message Begin(WorkerProcess& worker) const;

  // Admin has told them.
  void Set(control::PortSet ports) { known_ = std::move(ports); }
  // For an egress worker that waits for them; nullopt: it does not.
  std::optional<control::Message> News(WorkerProcess& egress) const;
  // An egress worker may not connect to all of them.
  bool IsTooNarrow(const WorkerProcess& egress) const;

  // For the next image of this process; an earlier one may not have known any, and then nobody waits: its
  // admin worker does not tell.
  std::optional<control::PortSet> known() const { return known_; }
  void Resume(const std::optional<control::PortSet>& known) {
    known_ = known.value_or(control::PortSet::Any());
  }

 private:
  std::optional<control::PortSet> known_;
};

}  // namespace aisix::supervisor
