#include "lib/http/wire/head_writer.h"

#include <charconv>

namespace aisix::http {

bool HasControlBytes(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x8080808080808080;
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    // A byte below 0x20 borrows into its top bit; 0x7f is the byte that equals it.
    const uint64_t below = (word - kOnes * 0x20) & ~word & kTops;
    const uint64_t differs = word ^ (kOnes * 0x7f);
    const uint64_t deleted = (differs - kOnes) & ~differs & kTops;
    if ((below | deleted) != 0) break;  // perhaps a tab, or a false alarm: look byte by byte
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

HeadWriter::HeadWriter(async::BufferPool& pool, std::span<const Header> headers, size_t other) {
  size_t size = other;
  for (const Header& header : headers) size += header.name.size() + header.value.size() + 4;
  buffer_ = pool.Take(size);
}

void HeadWriter::AddNumber(uint64_t value) {
  char text[20];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
  Add(std::string_view(text, static_cast<size_t>(end.ptr - text)));
}

bool HeadWriter::AddHeader(const Header& header) {
  if (header.name.empty() || HasControlBytes(header.name) || HasControlBytes(header.value)) return false;
  Add(header.name);
  Add(": ");
  Add(header.value);
  Add("\r\n");
  return true;
}

size_t WriteChunkSize(char (&line)[20], size_t size) {
  const std::to_chars_result end = std::to_chars(line, line + 16, size, 16);
  end.ptr[0] = '\r';
  end.ptr[1] = '\n';
  return static_cast<size_t>(end.ptr - line) + 2;
}

}  // namespace aisix::http
