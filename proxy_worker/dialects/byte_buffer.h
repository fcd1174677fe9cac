// Bytes that are collected to be written at once, in a block of the loop's pool.
#pragma once

#include <cstring>
#include <string_view>

#include "lib/async/buffer_pool.h"

namespace aisix::proxy {

// Holds a block only while it holds bytes. Belongs to the pool's loop.
class ByteBuffer {
 public:
  explicit ByteBuffer(async::BufferPool& pool) : pool_(pool) {}
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > block_.capacity() - size_) Reserve(size_ + bytes.size());
    std::memcpy(block_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // Drops bytes at the front.
  void RemovePrefix(size_t count) {
    size_ -= count;
    if (size_ == 0) {
      Release();
    } else if (count > 0) {
      std::memmove(block_.data(), block_.data() + count, size_);
    }
  }
  void Release() {
    size_ = 0;
    block_.Release();
  }
  std::string_view view() const { return {block_.data(), size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void Reserve(size_t size) {
    if (!block_) {
      block_ = pool_.Take(size);
      return;
    }
    const size_t doubled = block_.capacity() * 2;
    block_.Grow(size > doubled ? size : doubled, size_);
  }

  async::BufferPool& pool_;
  async::Buffer block_;
  size_t size_ = 0;
};

}  // namespace aisix::proxy
