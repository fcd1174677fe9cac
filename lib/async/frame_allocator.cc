#include "lib/async/frame_allocator.h"

#include <array>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define AISIX_FRAME_LISTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AISIX_FRAME_LISTS 0
#endif
#endif
#ifndef AISIX_FRAME_LISTS
#define AISIX_FRAME_LISTS 1
#endif

namespace aisix::async::internal {

#if AISIX_FRAME_LISTS

namespace {

constexpr size_t kStep = 64;
constexpr size_t kLargest = 4096;
constexpr size_t kClasses = kLargest / kStep;
constexpr size_t kMaxFreeBytes = 1024 * 1024;

struct FreeFrameNode {
  FreeFrameNode* next;
};

// No destructor: an access then needs no guard. The lists are freed by ThreadEnd.
struct Lists {
  std::array<FreeFrameNode*, kClasses + 1> first{};
  size_t free_bytes = 0;
  bool registered = false;
};

constinit thread_local Lists lists;

void FreeLists() {
  for (FreeFrameNode*& first : lists.first) {
    while (first) {
      FreeFrameNode* node = first;
      first = node->next;
      std::free(node);
    }
  }
  lists.free_bytes = 0;
}

struct ThreadEnd {
  ~ThreadEnd() {
    FreeLists();
    // What is freed after this, by destructors of other thread-local objects, goes to the heap.
    lists.free_bytes = kMaxFreeBytes;
  }
};

void RegisterThreadEnd() {
  lists.registered = true;
  thread_local ThreadEnd end;
  (void)end;
}

void* Allocate(size_t size) {
  void* memory = std::malloc(size);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* AllocateFrame(size_t size) {
  const size_t index = (size + kStep - 1) / kStep;
  if (index > kClasses) return Allocate(size);
  FreeFrameNode* node = lists.first[index];
  if (!node) return Allocate(index * kStep);
  lists.first[index] = node->next;
  lists.free_bytes -= index * kStep;
  return node;
}

void FreeFrame(void* frame, size_t size) noexcept {
  const size_t index = (size + kStep - 1) / kStep;
  if (index > kClasses || lists.free_bytes + index * kStep > kMaxFreeBytes) {
    std::free(frame);
    return;
  }
  if (!lists.registered) RegisterThreadEnd();
  FreeFrameNode* node = static_cast<FreeFrameNode*>(frame);
  node->next = lists.first[index];
  lists.first[index] = node;
  lists.free_bytes += index * kStep;
}

void FreeListedFrames() noexcept {
  FreeLists();
}

#else

void* AllocateFrame(size_t size) {
  return ::operator new(size);
}
void FreeFrame(void* frame, size_t) noexcept {
  ::operator delete(frame);
}
void FreeListedFrames() noexcept {}

#endif

}  // namespace aisix::async::internal
