// Asking a new program of the supervisor whether it can go on from here, while the event loop goes on.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "supervisor/process/exit.h"
#include "supervisor/run/event_loop.h"

namespace aisix::supervisor {

// In the new program, asked by its predecessor: can a process go on from this file? Exit code 0 or 1.
int CheckHandover(int file);
// The argument that asks so; the file is descriptor control::kControlSocket.
inline constexpr const char* kCheckArgument = "--check-handover";

// One child at a time. It is reaped by whoever reaps all (ProcessTable::Reap).
class ProgramCheck {
 public:
  // FAILED_PRECONDITION: it cannot, or ended otherwise. DEADLINE_EXCEEDED: it has not said so in time, and
  // was killed.
  using Done = std::function<void(absl::Status)>;

  explicit ProgramCheck(EventLoop& loop, std::chrono::milliseconds patience = std::chrono::seconds(10));
  ~ProgramCheck();
  ProgramCheck(const ProgramCheck&) = delete;
  ProgramCheck& operator=(const ProgramCheck&) = delete;

  // `file`: of the handover; borrowed during the call. `done` runs once, later, on the loop. Only when not
  // active().
  void Begin(const std::string& program, int file, Done done);
  bool active() const { return done_ != nullptr; }
  // A child of this process has ended; those that are none of ours as well.
  void OnChildEnded(pid_t pid, const Exit& exit);

 private:
  void Finish(absl::Status status);

  EventLoop& loop_;
  const std::chrono::milliseconds patience_;
  Done done_;      // null: not active
  pid_t pid_ = 0;  // 0: there is no child
  uint64_t timer_ = 0;
};

}  // namespace aisix::supervisor
