// Reading the configuration, or only the variables of the zones, again while the event loop goes on (DESIGN
// §1.2).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

// How the bootstrap child is run again.
struct BootstrapSource {
  std::string program;
  int environment;  // borrowed
  std::string config_path;
};

// One child at a time. It is reaped by whoever reaps all (ProcessTable::Reap): what it has sent says enough.
class BootstrapReading {
 public:
  // FAILED_PRECONDITION: the child did not send everything, and has said on stderr why.
  using Done = std::function<void(absl::StatusOr<StartParts>)>;

  // `patience`: a child that takes longer is killed.
  BootstrapReading(EventLoop& loop, BootstrapSource source, BootstrapScope scope,
                   std::chrono::milliseconds patience = std::chrono::seconds(30));
  ~BootstrapReading();
  BootstrapReading(const BootstrapReading&) = delete;
  BootstrapReading& operator=(const BootstrapReading&) = delete;

  // `done` runs once, later, on the loop. Only when not active().
  void Begin(Done done);
  bool active() const { return done_ != nullptr; }

 private:
  void Receive();
  void Finish(absl::Status status);

  EventLoop& loop_;
  const BootstrapSource source_;
  const BootstrapScope scope_;
  const std::chrono::milliseconds patience_;
  Done done_;  // null: not active
  BootstrapChild child_{};
  StartParts parts_;
  uint64_t timer_ = 0;
};

}  // namespace aisix::supervisor
