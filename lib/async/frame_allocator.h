// Memory for coroutine frames: free lists of the running thread, so that a steady state allocates nothing.
#pragma once

#include <cstddef>

namespace aisix::async::internal {

// A frame may be freed on another thread than the one that made it; it then joins that thread's lists, which
// are capped. Under AddressSanitizer every frame comes from the heap, so that a use after free is seen.
void* AllocateFrame(size_t size);
void FreeFrame(void* frame, size_t size) noexcept;
// Gives this thread's free frames back to the heap.
void FreeListedFrames() noexcept;

}  // namespace aisix::async::internal
