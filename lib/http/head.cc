#include "lib/http/head.h"

#include <algorithm>
#include <cstring>

#include "lib/http/wire/byte_block.h"

namespace aisix::http {
namespace {

uint64_t Load(const char* from, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

// Eight bytes at once.
bool SameIgnoringCase(uint64_t a, uint64_t b) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x80 * kOnes;
  constexpr uint64_t kCase = 0x20 * kOnes;
  const uint64_t differs = a ^ b;
  if (differs == 0) return true;
  if ((differs & ~kCase) != 0) return false;
  // Where the bit of the case differs there must be letters.
  const uint64_t lower = (a | kCase) & ~kTops;
  const uint64_t letters = (lower + kOnes * (0x80 - 'a')) & ~(lower + kOnes * (0x7F - 'z')) & ~a;
  return ((differs << 2) & ~letters & kTops) == 0;
}

// Visible ASCII and blanks: nothing that needs a closer look.
template <typename Block>
bool IsPlain(const char* at) {
  return Block(at).Outside(0x20, 0x7E) == 0;
}

// The last block overlaps the one before it. `size` is at least a block's.
template <typename Block>
bool IsPlain(const char* at, size_t size) {
  const char* const last = at + size - Block::kSize;
  for (; at < last; at += Block::kSize) {
    if (!IsPlain<Block>(at)) return false;
  }
  return IsPlain<Block>(last);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool internal::SameIgnoringCase(const char* a, const char* b, size_t size) {
  const auto same = [a, b](size_t at, size_t count) {
    return http::SameIgnoringCase(Load(a + at, count), Load(b + at, count));
  };
  // The last word overlaps the one before it.
  if (size >= 8) {
    for (size_t at = 0; at < size - 8; at += 8) {
      if (!same(at, 8)) return false;
    }
    return same(size - 8, 8);
  }
  if (size >= 4) return same(0, 4) && same(size - 4, 4);
  for (size_t at = 0; at < size; ++at) {
    if (!same(at, 1)) return false;
  }
  return true;
}

bool HasControlBytes(std::string_view text) {
  if (text.size() >= ByteBlock::kSize) {
    if (IsPlain<ByteBlock>(text.data(), text.size())) return false;
  } else if (text.size() >= WordBlock::kSize) {
    if (IsPlain<WordBlock>(text.data(), text.size())) return false;
  }
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

bool ListHasToken(std::string_view list, std::string_view token) {
  while (true) {
    const size_t comma = list.find(',');
    if (EqualsIgnoreCase(Trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (const Header& line : lines_) {
    if (EqualsIgnoreCase(line.name, name)) return line.value;
  }
  return std::nullopt;
}

size_t Headers::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [name](const Header& line) {
    return EqualsIgnoreCase(line.name, name);
  }));
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Entity";
    case 423:
      return "Locked";
    case 424:
      return "Failed Dependency";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    case 529:
      return "Site is overloaded";
    default:
      return "";
  }
}

}  // namespace aisix::http
