// Task<T>: a coroutine that starts when it is awaited. One that ends without waiting returns to its awaiter
// like a function, so that a loop over such tasks needs no stack, in any build (sanitizers defeat the tail
// calls that symmetric transfer counts on); one that waited resumes its awaiter by symmetric transfer. An
// exception that leaves a task ends the process: errors are values (absl::Status).
//
//   async::Task<int> Answer() { co_return 42; }
//   int answer = co_await Answer();
//
// g++ 12 destroys some temporaries twice inside a `co_await` expression: no aggregate or capturing-lambda
// temporaries, no `?:` and no braced lists there. Named locals and std::move are safe.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "lib/async/frame_allocator.h"

namespace aisix::async {

template <typename T>
class Task;

namespace internal {

struct TaskPromiseBase {
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().starting ? std::noop_coroutine() : self.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, size_t size) noexcept { FreeFrame(frame, size); }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { std::terminate(); }

  // Runs `self` until it waits or ends. Whether the awaiter has to wait.
  template <typename Promise>
  static bool StartFor(std::coroutine_handle<Promise> self, std::coroutine_handle<> awaiting) {
    Promise& promise = self.promise();
    promise.continuation = awaiting;
    promise.starting = true;
    self.resume();
    promise.starting = false;
    return !self.done();
  }

  std::coroutine_handle<> continuation = std::noop_coroutine();
  bool starting = false;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T TakeResult() { return std::move(*result); }

  std::optional<T> result;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void TakeResult() const noexcept {}
};

}  // namespace internal

// Owns the coroutine's frame. Destroying a task that is suspended destroys everything that it awaits, from
// the inside out: that is how work is abandoned. Move-only.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() noexcept = default;
  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { Reset(); }

  bool valid() const { return handle_ != nullptr; }
  bool done() const { return handle_ && handle_.done(); }
  void Reset() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  // Runs a task that nobody awaits until it first suspends; its owner keeps it alive. Once only.
  void Start() { handle_.resume(); }

  class Awaiter {
   public:
    explicit Awaiter(Handle handle) noexcept : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
      return internal::TaskPromiseBase::StartFor(handle_, awaiting);
    }
    T await_resume() { return handle_.promise().TakeResult(); }

   private:
    Handle handle_;
  };
  // The task must outlive the await, as a temporary in the `co_await` expression does.
  Awaiter operator co_await() noexcept { return Awaiter(handle_); }

  Handle handle() const { return handle_; }

 private:
  Handle handle_;
};

namespace internal {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

// Runs at once and destroys itself at its end.
struct DetachedCoroutine {
  struct promise_type {
    static void* operator new(size_t size) { return AllocateFrame(size); }
    static void operator delete(void* frame, size_t size) noexcept { FreeFrame(frame, size); }
    DetachedCoroutine get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

inline DetachedCoroutine RunDetached(Task<void> task) {
  co_await task;
}

}  // namespace internal

// Runs `task` now, until it first suspends, and then on its own; the frame is freed when it ends. Whatever it
// refers to must outlive it: prefer a Task that an owner keeps.
inline void Detach(Task<void> task) {
  internal::RunDetached(std::move(task));
}

}  // namespace aisix::async
