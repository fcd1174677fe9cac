#include "lib/http/wire/plain_head.h"

#include <array>
#include <cstring>

#include "lib/http/wire/byte_block.h"

namespace aisix::http {
namespace {

// Stops at everything but letters, digits and hyphens.
struct NameStops {
  ByteBlock::Mask operator()(const ByteBlock& block) const { return block.OutsideNames(); }
};

// Stops at everything but visible ASCII and blanks.
struct ValueStops {
  ByteBlock::Mask operator()(const ByteBlock& block) const { return block.Outside(0x20, 0x7E); }
};

// Stops at everything but what is usual in a path and its query: no `#`, quotes, brackets or braces.
constexpr auto kInTarget = [] {
  std::array<bool, 256> usual{};
  for (const char c :
       std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~?&=%+:,@!$*;"))
    usual[static_cast<unsigned char>(c)] = true;
  return usual;
}();

// Goes through a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  const char* at() const { return at_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  bool Take(std::string_view expected) {
    if (left() < expected.size() || std::memcmp(at_, expected.data(), expected.size()) != 0) return false;
    at_ += expected.size();
    return true;
  }
  bool Take(char expected) {
    if (at_ == end_ || *at_ != expected) return false;
    ++at_;
    return true;
  }
  template <typename Stops>
  std::string_view Until(Stops stops) {
    const char* const from = at_;
    for (; left() >= ByteBlock::kSize; at_ += ByteBlock::kSize) {
      const ByteBlock::Mask found = stops(ByteBlock(at_));
      if (found == 0) continue;
      at_ += ByteBlock::IndexOf(found);
      return {from, static_cast<size_t>(at_ - from)};
    }
    // Zeros, at which everything stops, are behind the end.
    char rest[ByteBlock::kSize] = {};
    std::memcpy(rest, at_, left());
    at_ += ByteBlock::IndexOf(stops(ByteBlock(rest)));
    return {from, static_cast<size_t>(at_ - from)};
  }
  std::string_view Target() {
    const char* const from = at_;
    while (at_ != end_ && kInTarget[static_cast<unsigned char>(*at_)]) ++at_;
    return {from, static_cast<size_t>(at_ - from)};
  }

 private:
  const char* at_;
  const char* end_;
};

constexpr std::array<std::string_view, 6> kMethods{"POST ", "GET ", "DELETE ", "PUT ", "PATCH ", "HEAD "};

bool ReadLines(Cursor& cursor, size_t max_lines, std::vector<Header>& lines) {
  while (!cursor.Take('\r')) {
    Header line;
    line.name = cursor.Until(NameStops());
    if (line.name.empty() || lines.size() == max_lines || !cursor.Take(':')) return false;
    cursor.Take(' ');
    const std::string_view value = cursor.Until(ValueStops());
    if (!value.empty()) {
      if (value.front() == ' ' || value.back() == ' ') return false;
      line.value = value;
    }
    if (!cursor.Take("\r\n")) return false;
    lines.push_back(line);
  }
  return cursor.Take('\n');
}

}  // namespace

bool ReadPlainRequest(std::string_view text, size_t max_lines, PlainHead& head, std::vector<Header>& lines) {
  Cursor cursor(text);
  for (const std::string_view method : kMethods) {
    if (!cursor.Take(method)) continue;
    head.method = method.substr(0, method.size() - 1);
    head.target = cursor.Target();
    if (!head.target.starts_with('/') || !cursor.Take(" HTTP/1.1\r\n")) return false;
    if (!ReadLines(cursor, max_lines, lines)) return false;
    head.size = text.size() - cursor.left();
    return true;
  }
  return false;
}

bool ReadPlainResponse(std::string_view text, size_t max_lines, PlainHead& head, std::vector<Header>& lines) {
  Cursor cursor(text);
  if (!cursor.Take("HTTP/1.1 ")) return false;
  head.status = 0;
  for (int digits = 0; digits < 3; ++digits) {
    const char digit = cursor.left() > 0 ? *cursor.at() : ' ';
    if (digit < (digits == 0 ? '1' : '0') || digit > '9' || !cursor.Take(digit)) return false;
    head.status = head.status * 10 + (digit - '0');
  }
  if (!cursor.Take(' ')) return false;
  head.reason = cursor.Until(ValueStops());
  if (head.reason.empty() || head.reason.front() == ' ' || head.reason.back() == ' ' || !cursor.Take("\r\n"))
    return false;
  if (!ReadLines(cursor, max_lines, lines)) return false;
  head.size = text.size() - cursor.left();
  return true;
}

}  // namespace aisix::http
