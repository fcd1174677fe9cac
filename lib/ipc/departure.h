// The orderly end of a worker that was released.
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "lib/async/loop.h"
#include "lib/async/timer.h"

namespace aisix::ipc {

// Stops the loop once the worker is idle, or has taken too long to become so. Loop thread only.
class Departure {
 public:
  // `idle` is asked every few milliseconds.
  Departure(async::Loop& loop, absl::AnyInvocable<bool()> idle) : loop_(loop), idle_(std::move(idle)) {}
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;

  void Begin(uint64_t limit_ms);  // again: nothing happens

 private:
  static void Look(void* self);

  async::Loop& loop_;
  absl::AnyInvocable<bool()> idle_;
  uint64_t end_ms_ = 0;  // loop time; 0: has not begun
  async::Timer timer_;
};

}  // namespace aisix::ipc
