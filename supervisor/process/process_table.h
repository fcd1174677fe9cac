// The workers of all zones: started in order, watched, started again when they die, replaced on purpose
// (DESIGN §1.4).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/control/message.h"
#include "lib/log/logger.h"
#include "supervisor/process/egress_ports.h"
#include "supervisor/process/exit.h"
#include "supervisor/process/inheritance.h"
#include "supervisor/process/link_table.h"
#include "supervisor/process/metrics_news.h"
#include "supervisor/process/roster.h"
#include "supervisor/process/table_state.h"
#include "supervisor/process/zone.h"
#include "supervisor/run/event_loop.h"

namespace aisix::supervisor {

class ProcessTable {
 public:
  struct Hooks {
    std::function<void()> all_ready;                // once: every zone is ready for the first time
    std::function<void(std::string)> fatal;         // the process cannot go on: the reason
    std::function<void(Zone)> ended;                // a worker has died or exited
    std::function<void(uint64_t)> in_flight;        // all proxy workers' answers to kQueryInFlight, summed up
    std::function<void(Zone)> ready = [](Zone) {};  // a worker of this zone has become ready
    // A worker asks to be replaced, or has to be.
    std::function<void(Zone)> replace_me = [](Zone) {};
    // The zone's current worker has taken a reload with this number, or refused its files and why.
    std::function<void(Zone, uint64_t, const std::string&)> reloaded = [](Zone, uint64_t,
                                                                          const std::string&) {};
    // A child that is no worker has ended.
    std::function<void(pid_t, const Exit&)> other_ended = [](pid_t, const Exit&) {};
  };
  struct Patience {
    std::chrono::milliseconds prepare{30'000};  // a successor, until it is ready or prepared
    std::chrono::milliseconds let_go{10'000};   // a predecessor that was told to stop acting
  };

  ProcessTable(EventLoop& loop, log::Logger& logger, Inheritance inheritance, Hooks hooks)
      : ProcessTable(loop, logger, inheritance, std::move(hooks), Patience()) {}
  ProcessTable(EventLoop& loop, log::Logger& logger, Inheritance inheritance, Hooks hooks, Patience patience);
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  // Starts egress, admin and metrics at once, and the proxy when egress and admin are ready.
  absl::Status Start();
  // Instead: goes on with the workers that an earlier image of this process started, and starts what is
  // missing. Owns the descriptors of `state`.
  void Resume(const TableState& state);
  // What Resume of the next image needs. Call it when nothing is being replaced.
  TableState Save() const;

  // Call it after SIGCHLD: reaps every child that ended, also those that are none of ours (process 1 of a
  // container inherits orphans).
  void Reap();

  // The proxy was ready at least once: the start is over.
  bool serving() const { return roster_.Of(Zone::kProxy).policy.ever_ready(); }
  // A worker of this zone runs, be it one that finishes what it has begun.
  bool IsRunning(Zone zone) const { return !roster_.All(zone).empty(); }
  // The zone's current worker serves.
  bool IsReady(Zone zone) const;
  pid_t PidOf(Zone zone) const;  // the current one's; 0: does not run
  // To all workers of the zone but those that stand by (they get what they need when they begin to act).
  void Send(Zone zone, const control::Message& message);
  void Send(Zone zone, control::MessageType type);

  // Starts a second worker of a zone that is ready, and lets it take over when it can: connections, calls and
  // streams of the old one are finished by the old one. `done` runs once: OK when the new one serves; else
  // why not, and then the old one goes on (or, when it had let go already, a worker is started as after a
  // death). FAILED_PRECONDITION at once: not ready, or a zone is being replaced.
  using Replaced = std::function<void(const absl::Status&)>;
  void Replace(Zone zone, Replaced done);
  bool replacing() const { return replacement_.has_value(); }

  // Ends a replacement that has not come so far that there is no way back. Sends kDrain to the zones that
  // answer probes. Workers that are started later get it too.
  void BeginDrain();
  // From now on nobody is started again.
  void StopRestarting();
  void Kill(Zone zone);
  // Kills all and waits for their end.
  void KillAll();

 private:
  using Role = WorkerProcess::Role;

  // Starting (process_table.cc).
  void StartWorker(Zone zone);
  absl::Status TryStartWorker(Zone zone);
  absl::StatusOr<std::unique_ptr<WorkerProcess>> Launch(Zone zone);
  absl::Status Furnish(WorkerProcess& worker, const std::vector<PlannedLink>& links);
  // Makes the links. Ends of the worker `newcomer` are appended to `own`, all others are sent.
  absl::Status Connect(const std::vector<PlannedLink>& links, uint64_t newcomer,
                       std::vector<control::Message>* own);
  void Watch(const WorkerProcess& worker);

  // What workers say, and their end.
  void Deliver(const WorkerProcess& worker, const control::Message& message);
  void ReadControl(uint64_t generation);
  void OnLinkLost(WorkerProcess& worker, const absl::Status& status);
  void OnMessage(WorkerProcess& worker, const control::Message& message);
  void OnReady(WorkerProcess& worker);
  void OnTotals(Zone zone, uint64_t generation, os::UniqueFd totals);
  void OnDestinationPorts(const WorkerProcess& worker, const control::Message& message);
  // Asks for another egress worker when the one that is to come, or the present one, is locked too narrowly.
  void WidenEgress();
  void OnEnd(WorkerProcess& worker, const Exit& exit);
  void OnCurrentEnd(Zone zone, std::optional<std::chrono::milliseconds> ready_for, const std::string& reason);
  void ScheduleRestart(Zone zone, std::optional<std::chrono::milliseconds> ready_for,
                       const std::string& reason);

  // Replacing (succession.cc).
  void OnPrepared(WorkerProcess& worker);
  void LetGo(Zone zone);
  void OnReleased(WorkerProcess& worker);
  void Activate(Zone zone);
  void Promote(Zone zone);
  void SucceedTheDead(Zone zone);
  void GiveUp(Zone zone, const std::string& reason);
  void Retire(ZoneSlot& slot);
  void LimitReplacement(std::chrono::milliseconds limit, uint64_t generation);
  void FinishReplacement(const absl::Status& status);
  void CancelReplacement();

  EventLoop& loop_;
  log::Logger& logger_;
  const Inheritance inheritance_;
  const Hooks hooks_;
  const Patience patience_;
  LinkTable links_;
  Roster roster_;
  MetricsNews news_;
  EgressPorts ports_;
  uint64_t last_generation_ = 0;
  control::Message admin_state_;  // kState

  struct Replacement {
    Zone zone;
    Replaced done;
    uint64_t timer = 0;
  };
  std::optional<Replacement> replacement_;

  bool all_ready_reported_ = false;
  bool draining_ = false;
  bool restarting_ = true;
};

}  // namespace aisix::supervisor
