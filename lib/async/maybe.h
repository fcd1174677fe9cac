// Maybe<T>: what a stage returns that usually need not wait: its value now, or a Task that delivers it later.
// Awaiting a value costs no frame and no suspension.
#pragma once

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "lib/async/task.h"

namespace aisix::async {

// Move-only. Await it (or take its value) exactly once, and before anything that it was made from goes away.
template <typename T>
class [[nodiscard]] Maybe {
 public:
  template <typename U>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, Maybe> &&
             !std::same_as<std::remove_cvref_t<U>, Task<T>>)
  Maybe(U&& value) : value_(std::in_place, std::forward<U>(value)) {}  // NOLINT: implicit on purpose
  Maybe(Task<T> task) : task_(std::move(task)) {}                      // NOLINT: implicit on purpose
  Maybe(Maybe&&) noexcept = default;
  Maybe& operator=(Maybe&&) noexcept = default;

  // Whether the value is here already.
  bool ready() const { return value_.has_value(); }
  // Only when ready().
  T& value() { return *value_; }
  // Only when not ready().
  Task<T> TakeTask() { return std::move(task_); }

  bool await_ready() const noexcept { return value_.has_value(); }
  bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
    return internal::TaskPromiseBase::StartFor(task_.handle(), awaiting);
  }
  T await_resume() {
    if (value_) return std::move(*value_);
    return task_.handle().promise().TakeResult();
  }

 private:
  std::optional<T> value_;
  Task<T> task_;
};

template <>
class [[nodiscard]] Maybe<void> {
 public:
  Maybe() noexcept = default;                                  // done already
  Maybe(Task<void> task) noexcept : task_(std::move(task)) {}  // NOLINT: implicit on purpose
  Maybe(Maybe&&) noexcept = default;
  Maybe& operator=(Maybe&&) noexcept = default;

  bool ready() const { return !task_.valid(); }
  Task<void> TakeTask() { return std::move(task_); }

  bool await_ready() const noexcept { return !task_.valid(); }
  bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
    return internal::TaskPromiseBase::StartFor(task_.handle(), awaiting);
  }
  void await_resume() const noexcept {}

 private:
  Task<void> task_;
};

}  // namespace aisix::async
