// The orderly end of the process (spec 01 §11).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/event_loop.h"

namespace aisix::supervisor {

// Probes fail at once; the proxy serves on for `min_drain`, then until nothing is in flight, without a limit;
// then it is released, and when it has exited the other zones are stopped one by one. There is no way back
// and none to hurry it.
class Drain {
 public:
  // `done` runs when no worker is left.
  Drain(EventLoop& loop, log::Logger& logger, ProcessTable& table, std::chrono::seconds min_drain,
        std::function<void()> done);
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  void Begin();  // again: nothing happens
  bool active() const { return step_ != Step::kIdle; }
  void OnInFlight(uint64_t requests);
  void OnEnded(Zone zone);

 private:
  enum class Step { kIdle, kMinimum, kPolling, kReleasing, kStopping, kDone };

  void Poll();
  void Release();
  void StopNext();

  EventLoop& loop_;
  log::Logger& logger_;
  ProcessTable& table_;
  const std::chrono::seconds min_drain_;
  const std::function<void()> done_;
  Step step_ = Step::kIdle;
  EventLoop::Clock::time_point next_report_;
  uint64_t timer_ = 0;
};

}  // namespace aisix::supervisor
