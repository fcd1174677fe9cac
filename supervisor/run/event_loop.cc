#include "supervisor/run/event_loop.h"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace aisix::supervisor {

void EventLoop::Watch(int fd, Callback readable) {
  watches_.insert_or_assign(fd, std::make_shared<Callback>(std::move(readable)));
}

void EventLoop::Unwatch(int fd) {
  watches_.erase(fd);
}

uint64_t EventLoop::After(std::chrono::milliseconds delay, Callback callback) {
  const uint64_t timer = next_timer_++;
  timers_.emplace(std::make_pair(Clock::now() + delay, timer), std::move(callback));
  return timer;
}

void EventLoop::Cancel(uint64_t timer) {
  std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; });
}

void EventLoop::Run() {
  std::vector<pollfd> waiting;
  stopped_ = false;
  while (!stopped_) {
    waiting.clear();
    for (const auto& [fd, callback] : watches_) waiting.push_back({fd, POLLIN, 0});
    const int ready = ::poll(waiting.data(), waiting.size(), PatienceMs());
    RunTimers();
    if (ready <= 0) continue;
    for (const pollfd& event : waiting) {
      if (stopped_) return;
      if (event.revents == 0) continue;
      const auto found = watches_.find(event.fd);
      if (found == watches_.end()) continue;
      const std::shared_ptr<Callback> callback = found->second;  // lives on when it unwatches itself
      (*callback)();
    }
  }
}

int EventLoop::PatienceMs() const {
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

void EventLoop::RunTimers() {
  const Clock::time_point now = Clock::now();
  while (!stopped_ && !timers_.empty() && timers_.begin()->first.first <= now) {
    const Callback callback = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    callback();
  }
}

}  // namespace aisix::supervisor
