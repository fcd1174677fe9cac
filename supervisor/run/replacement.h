// Replacing the workers of several zones on purpose, one zone after the other.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/process/zone.h"
#include "supervisor/run/event_loop.h"

namespace aisix::supervisor {

class ZoneReplacement {
 public:
  // Everything borrowed.
  ZoneReplacement(EventLoop& loop, log::Logger& logger, ProcessTable& table)
      : loop_(loop), logger_(logger), table_(table) {}
  ZoneReplacement(const ZoneReplacement&) = delete;
  ZoneReplacement& operator=(const ZoneReplacement&) = delete;

  // Every zone, in the order of the start. When one of them comes to nothing, the rest keeps its workers:
  // what does not run in one zone need not be tried in others. `done` is told whether all of them are new.
  // Only when not active().
  void All(std::function<void(bool)> done);
  // One zone, when nothing else is going on any more.
  void One(Zone zone);
  // All() was called and has not ended.
  bool active() const { return done_ != nullptr; }
  // Nothing further is begun: the process ends.
  void Stop();

 private:
  void Next();
  void OnReplaced(Zone zone, const absl::Status& status);
  void Finish(bool complete);

  EventLoop& loop_;
  log::Logger& logger_;
  ProcessTable& table_;
  std::deque<Zone> waiting_;
  std::function<void(bool)> done_;            // null: not active
  EventLoop::Clock::time_point retry_until_;  // for a zone that is not ready
  uint64_t retry_timer_ = 0;                  // 0: none
  bool stopped_ = false;
};

}  // namespace aisix::supervisor
