#include "lib/async/heap_trimmer.h"

#include <malloc.h>

#include "lib/async/frame_allocator.h"
#include "lib/async/loop.h"

namespace aisix::async {

void TrimHeap() {
  internal::FreeListedFrames();
  ::malloc_trim(0);
}

void HeapTrimmer::Arm() {
  timer_.Start(
      loop_, delay_ms_, [](void* self) { static_cast<HeapTrimmer*>(self)->Trim(); }, this);
}

void HeapTrimmer::Trim() {
  const bool worthwhile = most_ - held_ >= kWorthwhile;
  most_ = held_;
  if (!worthwhile) return;
  ++trims_;
  TrimHeap();
}

}  // namespace aisix::async
