#include "lib/ipc/departure.h"

namespace aisix::ipc {
namespace {

constexpr uint64_t kIntervalMs = 10;

}  // namespace

void Departure::Begin(uint64_t limit_ms) {
  if (end_ms_ != 0) return;
  end_ms_ = loop_.NowMs() + limit_ms;
  Look(this);
}

void Departure::Look(void* argument) {
  auto* self = static_cast<Departure*>(argument);
  if (self->idle_() || self->loop_.NowMs() >= self->end_ms_) {
    self->loop_.Stop();
    return;
  }
  self->timer_.Start(self->loop_, kIntervalMs, &Departure::Look, self);
}

}  // namespace aisix::ipc
