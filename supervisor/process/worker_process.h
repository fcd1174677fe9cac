// One running worker: its process and the supervisor's end of its control socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/control/message.h"
#include "lib/control/port_set.h"
#include "lib/os/unique_fd.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

class WorkerProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts the program with nothing but a control socket. `generation`: unique among all workers, growing.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(Zone zone, uint64_t generation,
                                                              const std::string& program);
  // A worker that an earlier image of this process started.
  WorkerProcess(Zone zone, uint64_t generation, pid_t pid, os::UniqueFd control, os::UniqueFd totals);
  // Does not end the process: whoever drops this object has reaped it, or is about to die itself.
  ~WorkerProcess() = default;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  Zone zone() const { return zone_; }
  uint64_t generation() const { return generation_; }
  pid_t pid() const { return pid_; }
  int control_fd() const { return control_.get(); }

  // As control::Send. A worker that does not read for a second is killed: it would hold up everybody.
  absl::Status Send(const control::Message& message) const;
  // As control::Receive.
  absl::StatusOr<std::optional<control::Message>> Receive() const { return control::Receive(control_.get()); }

  void Kill() const;

  void MarkReady(Clock::time_point since = Clock::now()) { ready_since_ = since; }
  bool ready() const { return ready_since_.has_value(); }
  std::optional<Clock::time_point> ready_since() const { return ready_since_; }
  // How long it has been ready; nullopt: it never was.
  std::optional<std::chrono::milliseconds> ReadyFor() const;

  // How far a planned replacement has come, seen from this worker.
  enum class Role {
    kActing,    // it acts for its zone (or is about to)
    kPrepares,  // it will stand by: a successor that does not act before its predecessor let go
    kStandsBy,  // it is prepared
    kReleased,  // it was told to let go
  };
  Role role = Role::kActing;
  // What it leaves behind; borrowed by the messages that carry it. Invalid once it was handed on.
  os::UniqueFd totals;
  uint64_t in_flight = 1;  // its last answer; until then not nothing
  std::string fatal_text;  // what it said before its end
  // Of egress: the TCP ports that it is locked to. None: it waits to be told.
  std::optional<control::PortSet> ports;

 private:
  const Zone zone_;
  const uint64_t generation_;
  const pid_t pid_;
  const os::UniqueFd control_;
  std::optional<Clock::time_point> ready_since_;
};

}  // namespace aisix::supervisor
