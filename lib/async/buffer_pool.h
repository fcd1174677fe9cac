// Buffers for connections: taken when bytes arrive, given back when they are gone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/async/timer.h"

namespace aisix::async {

class BufferPool;

// A block of memory from a pool (or, above its largest class, from the heap). Move-only; goes back to the
// pool when it is destroyed, on the loop's thread.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : pool_(other.pool_),
        data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      Release();
      pool_ = other.pool_;
      data_ = std::exchange(other.data_, nullptr);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { Release(); }

  char* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  explicit operator bool() const { return data_ != nullptr; }
  void Release();
  // Moves to a block of at least `capacity` bytes that begins with the first `used` bytes of this one.
  void Grow(size_t capacity, size_t used);

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, char* data, size_t capacity) : pool_(pool), data_(data), capacity_(capacity) {}

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  size_t capacity_ = 0;
};

// Free blocks of 1 KiB to 4 MiB (powers of two), one loop's. Holds at most `max_free_bytes`; what nobody
// needed for ten seconds goes back to the system, and with it what the heap has free when a load ended.
class BufferPool {
 public:
  static constexpr size_t kSmallest = 1024;
  static constexpr size_t kLargest = 4 * 1024 * 1024;

  explicit BufferPool(Loop& loop, size_t max_free_bytes = 16 * 1024 * 1024);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // At least `size` bytes. Above kLargest exactly `size`, from the heap.
  Buffer Take(size_t size);
  size_t free_bytes() const { return free_bytes_; }
  size_t used_bytes() const { return used_bytes_; }
  // Frees what was not used since the last call.
  void Trim();

 private:
  friend class Buffer;
  struct FreeBlock {
    FreeBlock* next;
  };
  struct Class {
    FreeBlock* first = nullptr;
    size_t count = 0;
    size_t lowest = 0;  // the fewest free blocks since the last Trim
  };
  static constexpr int kClasses = 13;

  static int ClassOf(size_t size);
  void Return(char* data, size_t capacity);
  void ArmTrim();

  Loop& loop_;
  size_t max_free_bytes_;
  size_t free_bytes_ = 0;
  size_t used_bytes_ = 0;
  std::array<Class, kClasses> classes_;
  Timer trim_timer_;
};

}  // namespace aisix::async
