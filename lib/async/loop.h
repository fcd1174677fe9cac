// One event loop: a libuv loop with a timer wheel, a buffer pool and a queue of posted functions.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lib/async/buffer_pool.h"
#include "lib/async/heap_trimmer.h"
#include "lib/async/timer.h"

namespace aisix::async {

// Something to do once before the loop next waits for events. Embedded in its owner; unqueued when destroyed.
class Deferred {
 public:
  using Callback = void (*)(void* argument);

  Deferred() = default;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred() { Cancel(); }

  // Queueing a queued one does nothing. Loop thread only.
  void Schedule(Loop& loop, Callback callback, void* argument);
  void Cancel();
  bool scheduled() const { return next_ != nullptr; }

 private:
  friend class Loop;
  Deferred* next_ = nullptr;
  Deferred* previous_ = nullptr;
  Callback callback_ = nullptr;
  void* argument_ = nullptr;
};

// Made before the sandbox is locked (it opens an epoll and an event fd), run by one thread. All methods
// belong to that thread, but for Post and Stop. Everything that lives on the loop must be gone before it is
// destroyed.
class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  uv_loop_t* uv() { return &loop_; }
  // Runs until Stop(). May be called again.
  void Run();
  // Any thread. Ends the current Run, or the next one.
  void Stop();
  // Any thread. Runs `function` on the loop, in the order of posting.
  void Post(absl::AnyInvocable<void()> function);

  // Monotonic milliseconds, read once per turn of the loop.
  uint64_t NowMs() const { return uv_now(&loop_); }
  TimerWheel& timers() { return *timers_; }
  BufferPool& buffers() { return *buffers_; }
  HeapTrimmer& heap() { return *heap_; }

 private:
  friend class Deferred;

  void RunPosted();
  void RunDeferred();

  uv_loop_t loop_;
  uv_async_t wake_;
  uv_prepare_t prepare_;
  uv_idle_t idle_;
  std::unique_ptr<TimerWheel> timers_;
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<HeapTrimmer> heap_;
  Deferred deferred_;  // list head
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> posted_;  // guarded by mutex_
};

}  // namespace aisix::async
