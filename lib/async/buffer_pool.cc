#include "lib/async/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "lib/async/heap_trimmer.h"
#include "lib/async/loop.h"

namespace aisix::async {
namespace {

constexpr uint64_t kTrimMs = 10'000;
// So much given back at once means that a load has ended: then the heap, which keeps what is freed, is worth
// a walk.
constexpr size_t kHeapTrimBytes = 1024 * 1024;

char* AllocateBlock(size_t size) {
  void* memory = std::malloc(size);
  if (!memory) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

}  // namespace

void Buffer::Release() {
  if (!data_) return;
  pool_->Return(std::exchange(data_, nullptr), std::exchange(capacity_, 0));
}

void Buffer::Grow(size_t capacity, size_t used) {
  if (capacity <= capacity_) return;
  if (capacity_ > BufferPool::kLargest) {
    // realloc moves pages of a large block instead of bytes.
    void* memory = std::realloc(data_, capacity);
    if (!memory) throw std::bad_alloc();
    pool_->used_bytes_ += capacity - capacity_;
    data_ = static_cast<char*>(memory);
    capacity_ = capacity;
    return;
  }
  Buffer larger = pool_->Take(capacity);
  if (used > 0) std::memcpy(larger.data_, data_, used);
  *this = std::move(larger);
}

BufferPool::BufferPool(Loop& loop, size_t max_free_bytes) : loop_(loop), max_free_bytes_(max_free_bytes) {}

BufferPool::~BufferPool() {
  for (Class& blocks : classes_) {
    while (blocks.first) {
      FreeBlock* block = blocks.first;
      blocks.first = block->next;
      std::free(block);
    }
  }
}

int BufferPool::ClassOf(size_t size) {
  return size <= kSmallest ? 0 : std::bit_width(size - 1) - std::bit_width(kSmallest - 1);
}

Buffer BufferPool::Take(size_t size) {
  if (size > kLargest) {
    used_bytes_ += size;
    return Buffer(this, AllocateBlock(size), size);
  }
  const int index = ClassOf(size);
  const size_t capacity = kSmallest << index;
  used_bytes_ += capacity;
  Class& blocks = classes_[index];
  FreeBlock* block = blocks.first;
  if (!block) return Buffer(this, AllocateBlock(capacity), capacity);
  blocks.first = block->next;
  if (--blocks.count < blocks.lowest) blocks.lowest = blocks.count;
  free_bytes_ -= capacity;
  return Buffer(this, reinterpret_cast<char*>(block), capacity);
}

void BufferPool::Return(char* data, size_t capacity) {
  used_bytes_ -= capacity;
  if (capacity > kLargest || free_bytes_ + capacity > max_free_bytes_) {
    std::free(data);
    return;
  }
  Class& blocks = classes_[ClassOf(capacity)];
  FreeBlock* block = reinterpret_cast<FreeBlock*>(data);
  block->next = blocks.first;
  blocks.first = block;
  ++blocks.count;
  free_bytes_ += capacity;
  if (!trim_timer_.active()) ArmTrim();
}

void BufferPool::ArmTrim() {
  trim_timer_.Start(
      loop_, kTrimMs, [](void* self) { static_cast<BufferPool*>(self)->Trim(); }, this);
}

void BufferPool::Trim() {
  const size_t before = free_bytes_;
  for (int index = 0; index < kClasses; ++index) {
    Class& blocks = classes_[index];
    for (; blocks.lowest > 0; --blocks.lowest) {
      FreeBlock* block = blocks.first;
      blocks.first = block->next;
      --blocks.count;
      free_bytes_ -= kSmallest << index;
      std::free(block);
    }
    blocks.lowest = blocks.count;
  }
  // Or nothing at all was used meanwhile.
  if (before > 0 && (before - free_bytes_ >= kHeapTrimBytes || free_bytes_ == 0)) TrimHeap();
  if (free_bytes_ > 0 && !trim_timer_.active()) ArmTrim();
}

}  // namespace aisix::async
