#include "lib/async/loop.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace aisix::async {
namespace {

[[noreturn]] void Fail(const char* what, int error) {
  std::fprintf(stderr, "event loop: %s: %s\n", what, uv_strerror(error));
  std::abort();
}

}  // namespace

void Deferred::Schedule(Loop& loop, Callback callback, void* argument) {
  if (scheduled()) return;
  callback_ = callback;
  argument_ = argument;
  Deferred& head = loop.deferred_;
  previous_ = head.previous_;
  next_ = &head;
  head.previous_->next_ = this;
  head.previous_ = this;
}

void Deferred::Cancel() {
  if (!scheduled()) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

Loop::Loop() {
  deferred_.next_ = deferred_.previous_ = &deferred_;
  if (int error = uv_loop_init(&loop_)) Fail("uv_loop_init", error);
  loop_.data = this;
  wake_.data = this;
  int error = uv_async_init(&loop_, &wake_, [](uv_async_t* handle) {
    Loop* self = static_cast<Loop*>(handle->data);
    self->RunPosted();
    if (self->stop_.load(std::memory_order_acquire)) uv_stop(&self->loop_);
  });
  if (error) Fail("uv_async_init", error);
  uv_prepare_init(&loop_, &prepare_);
  prepare_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->RunDeferred(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  uv_idle_init(&loop_, &idle_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&idle_));
  // libuv opens a spare descriptor for each loop at its first stream. In a locked process it could not, and
  // would try again at every connection.
  uv_tcp_t first;
  if ((error = uv_tcp_init(&loop_, &first))) Fail("uv_tcp_init", error);
  uv_close(reinterpret_cast<uv_handle_t*>(&first), nullptr);
  uv_run(&loop_, UV_RUN_NOWAIT);
  timers_ = std::make_unique<TimerWheel>(&loop_);
  buffers_ = std::make_unique<BufferPool>(*this);
  heap_ = std::make_unique<HeapTrimmer>(*this);
}

Loop::~Loop() {
  while (deferred_.next_ != &deferred_) RunDeferred();
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
  timers_->Close();
  // Closed handles are freed by their close callbacks: run until all came.
  uv_run(&loop_, UV_RUN_DEFAULT);
  posted_.clear();
  uv_run(&loop_, UV_RUN_DEFAULT);
  heap_.reset();
  buffers_.reset();
  timers_.reset();
  if (int error = uv_loop_close(&loop_)) Fail("something still lives on the loop", error);
  deferred_.next_ = deferred_.previous_ = nullptr;
}

void Loop::Run() {
  uv_update_time(&loop_);
  while (!stop_.exchange(false, std::memory_order_acq_rel)) uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::Stop() {
  stop_.store(true, std::memory_order_release);
  uv_async_send(&wake_);
}

void Loop::Post(absl::AnyInvocable<void()> function) {
  bool wake;
  {
    std::lock_guard lock(mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(function));
  }
  if (wake) uv_async_send(&wake_);
}

void Loop::RunPosted() {
  std::vector<absl::AnyInvocable<void()>> batch;
  {
    std::lock_guard lock(mutex_);
    batch.swap(posted_);
  }
  for (auto& function : batch) function();
}

void Loop::RunDeferred() {
  if (deferred_.next_ == &deferred_) {
    if (uv_is_active(reinterpret_cast<uv_handle_t*>(&idle_))) uv_idle_stop(&idle_);
    return;
  }
  // One round: what these schedule runs in the next turn, behind the sockets that are ready, so that nobody
  // who schedules himself again and again keeps the loop to himself.
  Deferred round;
  round.next_ = deferred_.next_;
  round.previous_ = deferred_.previous_;
  round.next_->previous_ = &round;
  round.previous_->next_ = &round;
  deferred_.next_ = deferred_.previous_ = &deferred_;
  while (round.next_ != &round) {
    Deferred* next = round.next_;
    next->Cancel();
    next->callback_(next->argument_);
  }
  round.next_ = round.previous_ = nullptr;
  // An active idle handle keeps the loop from waiting.
  if (deferred_.next_ != &deferred_) uv_idle_start(&idle_, [](uv_idle_t*) {});
}

}  // namespace aisix::async
