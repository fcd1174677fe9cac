// The workers of all zones: started in order, watched, started again when they die (DESIGN §1.4).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/control/message.h"
#include "lib/log/logger.h"
#include "lib/os/unique_fd.h"
#include "supervisor/listen/listeners.h"
#include "supervisor/process/link_table.h"
#include "supervisor/process/restart_policy.h"
#include "supervisor/process/worker_process.h"
#include "supervisor/process/zone.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/start/programs.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

class ProcessTable {
 public:
  // What every new worker is given. Borrowed; `parts` and `files` may change between two starts.
  struct Inheritance {
    const Programs& programs;
    const StartParts& parts;
    const Listeners& listeners;
    const GrantedFiles& files;
    uint32_t proxy_loops;
  };
  struct Hooks {
    std::function<void()> all_ready;                // once: every zone is ready for the first time
    std::function<void(std::string)> fatal;         // the process cannot go on: the reason
    std::function<void(Zone)> ended;                // a worker has died or exited
    std::function<void(uint64_t)> in_flight;        // the proxy's answer to kQueryInFlight
    std::function<void(Zone)> ready = [](Zone) {};  // a worker of this zone has become ready
  };

  ProcessTable(EventLoop& loop, log::Logger& logger, Inheritance inheritance, Hooks hooks);
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  // Starts egress, admin and metrics at once, and the proxy when egress and admin are ready.
  absl::Status Start();

  // Call it after SIGCHLD: reaps every child that ended, also those that are none of ours (process 1 of a
  // container inherits orphans).
  void Reap();

  // The proxy was ready at least once: the start is over.
  bool serving() const { return SlotOf(Zone::kProxy).policy.ever_ready(); }
  bool IsRunning(Zone zone) const { return SlotOf(zone).worker != nullptr; }
  // A worker of this zone runs and serves.
  bool IsReady(Zone zone) const { return IsRunning(zone) && SlotOf(zone).worker->ready(); }
  pid_t PidOf(Zone zone) const;  // 0: does not run
  // To a worker that runs; else nothing happens.
  void Send(Zone zone, const control::Message& message);
  void Send(Zone zone, control::MessageType type);

  // Sends kDrain to the zones that answer probes. Workers that are started later get it too.
  void BeginDrain();
  // From now on nobody is started again.
  void StopRestarting();
  void Kill(Zone zone);
  // Kills all and waits for their end.
  void KillAll();

 private:
  struct Slot {
    explicit Slot(Zone zone) : policy(IsEssential(zone)) {}

    std::unique_ptr<WorkerProcess> worker;  // null: does not run
    RestartPolicy policy;
    bool started = false;  // ever
    uint64_t restarts = 0;
    uint64_t restart_timer = 0;
    std::string down_reason = "not started";
    std::string fatal_text;  // what this worker said before its end
  };

  Slot& SlotOf(Zone zone) { return slots_[static_cast<size_t>(zone)]; }
  const Slot& SlotOf(Zone zone) const { return slots_[static_cast<size_t>(zone)]; }

  void StartWorker(Zone zone);
  absl::Status TryStartWorker(Zone zone);
  absl::Status Connect(Zone zone, std::vector<control::Message>& own);
  absl::Status SendInheritance(Zone zone, std::vector<control::Message> links);
  void ReadControl(Zone zone);
  void OnLinkLost(Zone zone, const absl::Status& status);
  void OnMessage(Zone zone, const control::Message& message);
  void OnReady(Zone zone);
  void OnEnd(Zone zone, const std::string& reason);
  void TellMetrics(Zone zone);

  EventLoop& loop_;
  log::Logger& logger_;
  const Inheritance inheritance_;
  const Hooks hooks_;
  LinkTable links_;
  uint64_t last_generation_ = 0;
  std::array<Slot, kZones.size()> slots_;
  control::Message admin_state_;  // kState
  bool all_ready_reported_ = false;
  bool draining_ = false;
  bool restarting_ = true;
};

}  // namespace aisix::supervisor
