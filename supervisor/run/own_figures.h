// The supervisor's own place in /metrics.
#pragma once

#include <cstdint>
#include <memory>

#include "lib/os/process_stats.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/event_loop.h"

namespace aisix::supervisor {

// Tells the metrics zone every ten seconds what this process uses, and what it has given up: it must not be
// asked, so that no zone has a way to make it work.
class OwnFigures {
 public:
  OwnFigures(EventLoop& loop, ProcessTable& table, std::unique_ptr<os::ProcessStats> stats);
  ~OwnFigures();
  OwnFigures(const OwnFigures&) = delete;
  OwnFigures& operator=(const OwnFigures&) = delete;

  void Tell();  // at once: a new metrics worker is ready

 private:
  EventLoop& loop_;
  ProcessTable& table_;
  const std::unique_ptr<os::ProcessStats> stats_;
  uint64_t timer_ = 0;
};

}  // namespace aisix::supervisor
