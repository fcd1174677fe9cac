#include "lib/async/timer.h"

#include <algorithm>
#include <bit>

#include "lib/async/loop.h"

namespace aisix::async {

void Timer::Start(Loop& loop, uint64_t delay_ms, Callback callback, void* argument) {
  Stop();
  callback_ = callback;
  argument_ = argument;
  loop.timers().Add(*this, delay_ms);
}

void Timer::Stop() {
  if (active()) wheel_->Remove(*this);
}

TimerWheel::TimerWheel(uv_loop_t* loop) : loop_(loop), current_(uv_now(loop)) {
  for (auto& level : slots_) {
    for (Timer& head : level) head.next_ = head.previous_ = &head;
  }
  uv_timer_init(loop, &uv_timer_);
  uv_timer_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&uv_timer_));
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (Timer& head : level) {
      while (head.next_ != &head) Unlink(*head.next_);
      head.next_ = head.previous_ = nullptr;  // so that the heads' own destructors do nothing
    }
  }
}

void TimerWheel::Close() {
  if (closed_) return;
  closed_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&uv_timer_), nullptr);
}

void TimerWheel::Unlink(Timer& timer) {
  timer.previous_->next_ = timer.next_;
  timer.next_->previous_ = timer.previous_;
  timer.next_ = timer.previous_ = nullptr;
}

void TimerWheel::Add(Timer& timer, uint64_t delay_ms) {
  const uint64_t now = uv_now(loop_);
  // With nothing to process in between, the wheel may jump; then the new timer lands on the finest level.
  if (size_ == 0 && !advancing_ && current_ < now) current_ = now;
  timer.wheel_ = this;
  timer.expiry_ = now + std::min(delay_ms, uint64_t{1} << 35);
  Insert(timer);
  ++size_;
  if (!advancing_) Arm();
}

// The level is that of the highest six-bit digit in which the expiry differs from now: a slot is reached
// before any slot of a higher level, and digits above are equal, so that "the lowest set bit" is "the next
// slot".
void TimerWheel::Insert(Timer& timer) {
  const uint64_t expiry = std::max(timer.expiry_, current_ + 1);
  const int highest_bit = std::bit_width(expiry ^ current_) - 1;
  const int level = std::min(highest_bit / kBits, kLevels - 1);
  const int slot = static_cast<int>((expiry >> (level * kBits)) & (kSlots - 1));
  timer.level_ = static_cast<uint8_t>(level);
  timer.slot_ = static_cast<uint8_t>(slot);
  Timer& head = slots_[level][slot];
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  occupied_[level] |= uint64_t{1} << slot;
}

void TimerWheel::Remove(Timer& timer) {
  const uint8_t level = timer.level_;
  Unlink(timer);
  --size_;
  if (level == Timer::kNoSlot) return;  // was about to fire
  Timer& head = slots_[level][timer.slot_];
  if (head.next_ == &head) occupied_[level] &= ~(uint64_t{1} << timer.slot_);
}

uint64_t TimerWheel::NextEvent(int* level, int* slot) const {
  for (int i = 0; i < kLevels; ++i) {
    if (occupied_[i] == 0) continue;
    const int first = std::countr_zero(occupied_[i]);
    *level = i;
    *slot = first;
    const uint64_t above = (current_ >> (i * kBits)) & ~(kSlots - 1);
    return (above | static_cast<uint64_t>(first)) << (i * kBits);
  }
  return kNever;
}

void TimerWheel::Arm() {
  int level;
  int slot;
  const uint64_t next = NextEvent(&level, &slot);
  // An earlier alarm is left alone: it finds nothing to do and sets the right one.
  if (next >= armed_ || closed_) return;
  armed_ = next;
  const uint64_t now = uv_now(loop_);
  uv_timer_start(&uv_timer_, OnTimer, next > now ? next - now : 0, 0);
}

void TimerWheel::OnTimer(uv_timer_t* handle) {
  auto* self = static_cast<TimerWheel*>(handle->data);
  self->armed_ = kNever;
  self->Advance(uv_now(self->loop_));
  self->Arm();
}

void TimerWheel::Advance(uint64_t now) {
  advancing_ = true;
  int level = 0;
  int slot = 0;
  for (uint64_t next = NextEvent(&level, &slot); next <= now; next = NextEvent(&level, &slot)) {
    current_ = std::max(current_, next);
    FireSlot(level, slot);
  }
  current_ = std::max(current_, now);
  advancing_ = false;
}

void TimerWheel::FireSlot(int level, int slot) {
  occupied_[level] &= ~(uint64_t{1} << slot);
  // The list moves to a head of its own: callbacks may start and stop any timer, these ones included.
  Timer due;
  Timer& head = slots_[level][slot];
  due.next_ = head.next_;
  due.previous_ = head.previous_;
  due.next_->previous_ = &due;
  due.previous_->next_ = &due;
  head.next_ = head.previous_ = &head;
  for (Timer* timer = due.next_; timer != &due; timer = timer->next_) timer->level_ = Timer::kNoSlot;
  while (due.next_ != &due) {
    Timer& timer = *due.next_;
    Unlink(timer);
    if (timer.expiry_ > current_) {
      Insert(timer);  // a coarse slot is spread over finer ones
      continue;
    }
    --size_;
    timer.callback_(timer.argument_);
  }
  due.next_ = due.previous_ = nullptr;
}

}  // namespace aisix::async
