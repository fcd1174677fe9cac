// All workers that run, by zone: usually one each; more while a zone is being replaced.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/process/link_table.h"
#include "supervisor/process/restart_policy.h"
#include "supervisor/process/worker_process.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

struct ZoneSlot {
  explicit ZoneSlot(Zone zone) : policy(IsEssential(zone)) {}

  std::unique_ptr<WorkerProcess> current;                // null: the zone is down
  std::unique_ptr<WorkerProcess> successor;              // null: not being replaced
  std::vector<std::unique_ptr<WorkerProcess>> retiring;  // finish what they have begun
  RestartPolicy policy;
  bool started = false;  // ever
  uint64_t restarts = 0;
  uint64_t restart_timer = 0;  // 0: none
  std::string down_reason = "not started";
  std::map<std::string, uint64_t> exits;  // by Exit::label
};

// Owns the workers; starts and ends none.
class Roster {
 public:
  Roster() = default;
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  ZoneSlot& Of(Zone zone) { return slots_[static_cast<size_t>(zone)]; }
  const ZoneSlot& Of(Zone zone) const { return slots_[static_cast<size_t>(zone)]; }

  // Null: there is no such worker.
  WorkerProcess* Find(uint64_t generation) const;
  WorkerProcess* FindProcess(pid_t pid) const;

  // The current one, the successor, the retiring ones.
  std::vector<WorkerProcess*> All(Zone zone) const;
  std::vector<WorkerProcess*> All() const;

  // For the link table.
  Population population() const;

 private:
  std::array<ZoneSlot, kZones.size()> slots_{ZoneSlot(kZones[0]), ZoneSlot(kZones[1]), ZoneSlot(kZones[2]),
                                             ZoneSlot(kZones[3])};
};

}  // namespace aisix::supervisor
