// What the metrics zone is told about the workers of all zones.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/control/message.h"
#include "lib/os/unique_fd.h"
#include "supervisor/process/roster.h"

namespace aisix::supervisor {

// Keeps what former workers have counted, so that counters do not go down when the metrics worker is another
// one. Never reads it.
class MetricsNews {
 public:
  // `send`: to a worker, its failure is handled there. Everything borrowed.
  MetricsNews(const Roster& roster, std::function<void(const WorkerProcess&, const control::Message&)> send)
      : roster_(roster), send_(std::move(send)) {}

  // The zone is up, or why not.
  void OnZone(Zone zone) const;
  // How many workers of the zone ended with `label`.
  void OnExit(Zone zone, std::string_view label) const;
  // A worker is gone; `totals`: what it left, or invalid when it died.
  void OnEnded(Zone zone, uint64_t generation, os::UniqueFd totals);

  // All of it, for a metrics worker that begins to act.
  void Introduce(const WorkerProcess& metrics) const;

  // The metrics worker is asked to let go: it will hand over what it knows until now, its own figures and
  // those of all former workers that it was told of. What comes after that is for its successor.
  void OnReleasing() { handed_over_ = ended_.size(); }
  // It has: its totals stand for those of all of them.
  void OnReleased(uint64_t generation, os::UniqueFd totals);

  // Messages of type kEnded that own what former workers left.
  const std::vector<control::Message>& ended() const { return ended_; }
  void Resume(std::vector<control::Message> ended) { ended_ = std::move(ended); }

 private:
  control::Message ZoneMessage(Zone zone) const;
  void Tell(const control::Message& message) const;

  const Roster& roster_;
  const std::function<void(const WorkerProcess&, const control::Message&)> send_;
  std::vector<control::Message> ended_;
  size_t handed_over_ = 0;
};

}  // namespace aisix::supervisor
