#include "lib/http/wire/head_writer.h"

#include <charconv>

namespace aisix::http {

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
