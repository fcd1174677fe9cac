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
  void append(std::string_view first, std::string_view second, std::string_view third) {
    const size_t more = first.size() + second.size() + third.size();
    if (more == 0) return;
    if (more > block_.capacity() - size_) Reserve(size_ + more);
    char* at = block_.data() + size_;
    for (const std::string_view bytes : {first, second, third}) {
      if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
      at += bytes.size();
    }
    size_ += more;
  }
  // About so many bytes will be appended: the next block that is taken has room for them.
  void Expect(size_t count) { expected_ = count; }
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
      block_ = pool_.Take(size > expected_ ? size : expected_);
      return;
    }
    const size_t doubled = block_.capacity() * 2;
    block_.Grow(size > doubled ? size : doubled, size_);
  }

  async::BufferPool& pool_;
  async::Buffer block_;
  size_t size_ = 0;
  size_t expected_ = 0;
};

}  // namespace aisix::proxy
