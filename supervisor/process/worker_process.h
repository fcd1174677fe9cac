// One running worker: its process and the supervisor's end of its control socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/control/message.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

class WorkerProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts the program with nothing but a control socket.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(const std::string& program);
  // Does not end the process: whoever drops this object has reaped it, or is about to die itself.
  ~WorkerProcess() = default;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  int control_fd() const { return control_.get(); }

  // As control::Send. A worker that does not read for a second is killed: it would hold up everybody.
  absl::Status Send(const control::Message& message) const;
  // As control::Receive.
  absl::StatusOr<std::optional<control::Message>> Receive() const { return control::Receive(control_.get()); }

  void Kill() const;

  void MarkReady() { ready_since_ = Clock::now(); }
  bool ready() const { return ready_since_.has_value(); }
  // How long it has been ready; nullopt: it never was.
  std::optional<std::chrono::milliseconds> ReadyFor() const;

 private:
  WorkerProcess(pid_t pid, os::UniqueFd control) : pid_(pid), control_(std::move(control)) {}

  const pid_t pid_;
  const os::UniqueFd control_;
  std::optional<Clock::time_point> ready_since_;
};

}  // namespace aisix::supervisor
