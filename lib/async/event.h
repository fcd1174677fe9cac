// Event: one coroutine waits for something that a callback announces.
#pragma once

#include <coroutine>
#include <utility>

namespace aisix::async {

// One waiter at a time; one thread. Set() before Wait() is remembered. Either side may be destroyed first: a
// waiter whose frame is destroyed is forgotten, and the waiter of an event that is destroyed is never
// resumed.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() {
    if (waiter_) waiter_->event_ = nullptr;
  }

  // Resumes the waiter inside this call, which may destroy the event: let it be the last thing that you do.
  void Set() {
    if (!waiter_) {
      set_ = true;
      return;
    }
    Waiter* waiter = std::exchange(waiter_, nullptr);
    waiter->event_ = nullptr;
    waiter->handle_.resume();
  }
  // Forgets a Set() that nobody waited for.
  void Reset() { set_ = false; }
  bool is_set() const { return set_; }
  bool has_waiter() const { return waiter_ != nullptr; }

  class Waiter {
   public:
    explicit Waiter(Event* event) : event_(event) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      if (event_ && event_->waiter_ == this) event_->waiter_ = nullptr;
    }
    bool await_ready() const noexcept { return event_->set_; }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      handle_ = handle;
      event_->waiter_ = this;
    }
    void await_resume() noexcept {
      if (event_) event_->set_ = false;
    }

   private:
    friend class Event;
    Event* event_;
    std::coroutine_handle<> handle_;
  };
  // `co_await event.Wait();` takes the Set() with it: the next Wait() waits for the next Set().
  [[nodiscard]] Waiter Wait() { return Waiter(this); }

 private:
  Waiter* waiter_ = nullptr;
  bool set_ = false;
};

}  // namespace aisix::async
