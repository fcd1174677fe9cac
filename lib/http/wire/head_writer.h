// Heads of messages that are sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "lib/async/buffer_pool.h"
#include "lib/http/head.h"

namespace aisix::http {

// Bodies up to this size are copied behind their head: one piece costs the kernel less than several.
inline constexpr size_t kGatheredBody = 4096;

// Appends to a buffer of the pool that was made large enough at the start.
class HeadWriter {
 public:
  // Room for `headers` and `other` bytes.
  HeadWriter(async::BufferPool& pool, std::span<const Header> headers, size_t other);

  void Add(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(buffer_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void AddNumber(uint64_t value);
  // "name: value\r\n". False, and nothing added, when a control byte is in it.
  bool AddHeader(const Header& header);

  size_t size() const { return size_; }
  async::Buffer TakeBuffer() { return std::move(buffer_); }

 private:
  async::Buffer buffer_;
  size_t size_ = 0;
};

// "1f4\r\n" at `line`; its length. For sizes above 0.
size_t WriteChunkSize(char (&line)[20], size_t size);

}  // namespace aisix::http
