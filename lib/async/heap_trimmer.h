// Gives memory of the heap back to the system when a load has ended: by itself the heap keeps what is freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/async/timer.h"

namespace aisix::async {

class Loop;

// Gives back what this thread keeps for coroutine frames, and the free pages of the whole heap. It takes
// about a millisecond for each 10 MiB.
void TrimHeap();

// Watches how much the connections of a loop hold. When they hold much less than before, the heap is trimmed
// soon, once. Connections that come as fast as others go change nothing. Belongs to the loop's thread.
class HeapTrimmer {
 public:
  static constexpr size_t kWorthwhile = 256 * 1024;  // bytes less than before
  static constexpr uint64_t kDelayMs = 3'000;        // loads end within a while, not at once

  explicit HeapTrimmer(Loop& loop, uint64_t delay_ms = kDelayMs) : loop_(loop), delay_ms_(delay_ms) {}
  HeapTrimmer(const HeapTrimmer&) = delete;
  HeapTrimmer& operator=(const HeapTrimmer&) = delete;

  void Grew(size_t bytes) {
    held_ += bytes;
    if (held_ > most_) most_ = held_;
  }
  void Shrank(size_t bytes) {
    held_ -= bytes;
    if (most_ - held_ >= kWorthwhile && !timer_.active()) Arm();
  }
  size_t held() const { return held_; }
  // How often the heap was trimmed.
  uint64_t trims() const { return trims_; }

 private:
  void Arm();
  void Trim();

  Loop& loop_;
  const uint64_t delay_ms_;
  size_t held_ = 0;
  size_t most_ = 0;  // since the last trim
  uint64_t trims_ = 0;
  Timer timer_;
};

}  // namespace aisix::async
