// Deadlines: one timer wheel per loop, driven by one uv_timer (notes: starting a uv_timer costs up to 1.4 µs,
// a wheel timer about 10 ns).
#pragma once

#include <uv.h>

#include <array>
#include <coroutine>
#include <cstdint>

namespace aisix::async {

class Loop;
class TimerWheel;

// A timer that is embedded in its owner. Belongs to the loop's thread. Stops itself when it is destroyed.
class Timer {
 public:
  using Callback = void (*)(void* argument);

  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Stop(); }

  // Calls `callback(argument)` once, on the loop, not before `delay_ms` of loop time passed. A started timer
  // is moved. The callback may start the timer again or destroy it.
  void Start(Loop& loop, uint64_t delay_ms, Callback callback, void* argument);
  void Stop();
  bool active() const { return next_ != nullptr; }
  // Loop time (Loop::NowMs) at which it is due. Only while active.
  uint64_t expiry_ms() const { return expiry_; }

 private:
  friend class TimerWheel;
  static constexpr uint8_t kNoSlot = 0xff;

  Timer* next_ = nullptr;  // circular list of the slot
  Timer* previous_ = nullptr;
  TimerWheel* wheel_ = nullptr;
  uint64_t expiry_ = 0;
  Callback callback_ = nullptr;
  void* argument_ = nullptr;
  uint8_t level_ = kNoSlot;
  uint8_t slot_ = 0;
};

// Hierarchical wheel: seven levels of 64 slots, from 1 ms. Start and stop are O(1) and touch no kernel.
class TimerWheel {
 public:
  explicit TimerWheel(uv_loop_t* loop);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  void Add(Timer& timer, uint64_t delay_ms);
  void Remove(Timer& timer);
  size_t size() const { return size_; }
  void Close();  // before the loop is closed; timers that are still started never fire

 private:
  static constexpr int kLevels = 7;
  static constexpr int kBits = 6;
  static constexpr uint64_t kSlots = uint64_t{1} << kBits;
  static constexpr uint64_t kNever = UINT64_MAX;

  void Insert(Timer& timer);
  void Advance(uint64_t now);
  void FireSlot(int level, int slot);
  uint64_t NextEvent(int* level, int* slot) const;
  void Arm();
  static void OnTimer(uv_timer_t* handle);
  static void Unlink(Timer& timer);

  uv_timer_t uv_timer_;
  uv_loop_t* loop_;
  uint64_t current_;         // every slot that starts at or before it was processed
  uint64_t armed_ = kNever;  // when uv_timer_ is due
  bool advancing_ = false;
  bool closed_ = false;
  size_t size_ = 0;
  std::array<uint64_t, kLevels> occupied_{};              // bit per slot
  std::array<std::array<Timer, kSlots>, kLevels> slots_;  // list heads
};

// `co_await async::Sleep(loop, 15'000);` Abandoned when the waiting frame is destroyed.
class [[nodiscard]] Sleep {
 public:
  Sleep(Loop& loop, uint64_t delay_ms) : loop_(loop), delay_ms_(delay_ms) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    timer_.Start(
        loop_, delay_ms_, [](void* self) { static_cast<Sleep*>(self)->handle_.resume(); }, this);
  }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
  uint64_t delay_ms_;
  std::coroutine_handle<> handle_;
  Timer timer_;
};

}  // namespace aisix::async
