// What the next image of this process has to know about the workers that run (SIGUSR2).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/control/port_set.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

// A value. Descriptors are numbers, which stay the same over execve: the image that fills this in still owns
// them; the one that adopts it owns them from then on. -1: there is none.
struct TableState {
  struct Worker {
    Zone zone = Zone::kEgress;
    uint64_t generation = 0;
    pid_t pid = 0;
    int control = -1;
    int totals = -1;
    bool retiring = false;  // else the current one of its zone
    int64_t ready_ms = -1;  // how long it has been ready; -1: it is not
  };
  struct ZoneHistory {
    Zone zone = Zone::kEgress;
    uint64_t restarts = 0;
    bool ever_ready = false;
    int early_deaths = 0;
    std::map<std::string, uint64_t> exits;  // by Exit::label
  };
  struct Totals {  // of a worker that is gone
    Zone zone = Zone::kEgress;
    uint64_t generation = 0;
    int file = -1;
  };

  uint64_t last_generation = 0;
  int admin_state = -1;
  std::optional<control::PortSet> ports;  // of the destinations; none: admin has not told them
  std::vector<Worker> workers;
  std::vector<ZoneHistory> zones;
  std::vector<Totals> totals;
};

}  // namespace aisix::supervisor
