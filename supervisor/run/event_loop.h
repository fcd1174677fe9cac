// The supervisor's only thread waits here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace aisix::supervisor {

// poll() with callbacks and timers. Callbacks may watch, unwatch and stop whatever they like.
class EventLoop {
 public:
  using Callback = std::function<void()>;
  using Clock = std::chrono::steady_clock;

  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `readable` runs whenever `fd` has input or was closed by its peer; the descriptor is borrowed and must
  // not block: a call may turn out to be stale. Replaces an older watch.
  void Watch(int fd, Callback readable);
  void Unwatch(int fd);

  // Runs `callback` once. The number is for Cancel; never 0.
  uint64_t After(std::chrono::milliseconds delay, Callback callback);
  void Cancel(uint64_t timer);  // unknown or expired: nothing happens

  // Until Stop.
  void Run();
  void Stop() { stopped_ = true; }

 private:
  int PatienceMs() const;
  void RunTimers();

  std::map<int, std::shared_ptr<Callback>> watches_;
  std::map<std::pair<Clock::time_point, uint64_t>, Callback> timers_;
  uint64_t next_timer_ = 1;
  bool stopped_ = false;
};

}  // namespace aisix::supervisor
