#include "lib/json/reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstring>
#include <limits>

#include "lib/json/text.h"

namespace aisix::json {
namespace {

// An index that grew beyond this many tokens' capacity is given back before the next document.
constexpr size_t kKeptCapacity = 256 * 1024;
constexpr size_t kSmallestCapacity = 4 * 1024;

bool IsSpace(char c) {
  // Nearly every byte that is asked about is visible.
  return static_cast<unsigned char>(c) <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  if (at < text.size() && text[at] == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// `from` points at the first backslash.
bool EscapesAreValid(std::string_view content, const char* from) {
  const char* const end = content.data() + content.size();
  while (from != nullptr) {
    const size_t length = EscapeLength(content, static_cast<size_t>(from - content.data()));
    if (length == 0) return false;
    from += length;
    from = static_cast<const char*>(std::memchr(from, '\\', static_cast<size_t>(end - from)));
  }
  return true;
}

// By the first byte of a token.
constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  kinds['{'] = Kind::kObject;
  kinds['['] = Kind::kArray;
  kinds['"'] = Kind::kString;
  kinds['t'] = Kind::kTrue;
  kinds['f'] = Kind::kFalse;
  kinds['n'] = Kind::kNull;
  kinds['-'] = Kind::kNumber;
  for (unsigned char digit = '0'; digit <= '9'; ++digit) kinds[digit] = Kind::kNumber;
  return kinds;
}();

Kind KindOf(char first) {
  return kKinds[static_cast<unsigned char>(first)];
}

bool IsContainer(Kind kind) {
  return kind == Kind::kObject || kind == Kind::kArray;
}

}  // namespace

bool Key::IsEscaped(std::string_view name) const {
  std::string plain;
  return AppendUnescaped(plain, text) && plain == name;
}

Reader::Reader(size_t max_depth) : max_depth_(std::min(max_depth, kDepthLimit)) {}
Reader::~Reader() = default;

// Nothing is left then: what checks for an end notices a failure too.
bool Reader::Fail() {
  failed_ = true;
  next_ = count_;
  return false;
}

bool Reader::Start(std::string_view text) {
  text_ = text;
  next_ = depth_ = count_ = last_end_ = 0;
  first_ = false;
  too_deep_ = false;
  failed_ = true;
  if (text.empty() || text.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES) return false;
  const bool shrink = capacity_ > kKeptCapacity && text.size() <= kKeptCapacity;
  if (text.size() > capacity_ || shrink || indexer_ == nullptr) {
    // Doubling keeps a stream of slowly growing documents from allocating for each of them.
    size_t capacity = std::max(kSmallestCapacity, text.size());
    if (capacity <= kKeptCapacity) capacity = std::min(capacity * 2, kKeptCapacity);
    simdjson::error_code error;
    if (indexer_ == nullptr) {
      error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, indexer_);
    } else {
      error = indexer_->set_capacity(capacity);
    }
    if (error != simdjson::SUCCESS) {
      indexer_.reset();
      capacity_ = 0;
      return false;
    }
    capacity_ = capacity;
  }
  first_escape_ = std::min(text.find('\\'), text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  if (indexer_->stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  index_ = indexer_->structural_indexes.get();
  count_ = indexer_->n_structural_indexes;
  failed_ = count_ == 0;
  return !failed_;
}

Kind Reader::Peek() const {
  return failed_ || Done() ? Kind::kInvalid : KindOf(At(next_));
}

bool Reader::Enter(char bracket) {
  if (failed_ || Done() || At(next_) != bracket) return false;
  if (++depth_ > max_depth_) {
    too_deep_ = true;
    return Fail();
  }
  last_end_ = index_[next_++] + 1;
  first_ = true;
  return true;
}

bool Reader::EnterObject() {
  return Enter('{');
}

bool Reader::EnterArray() {
  return Enter('[');
}

// Consumes the comma that is due. False: the bracket closed, or an error.
inline bool Reader::NextInContainer(char close) {
  if (failed_) return false;
  if (Done()) return Fail();
  const char c = At(next_);
  if (c == close) {
    last_end_ = index_[next_++] + 1;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (c != ',') return Fail();
    ++next_;
  }
  first_ = false;
  return true;
}

// As NextInContainer and ReadString, with what they look at in registers: documents are made of members.
bool Reader::NextMember(Key& key) {
  const char* const data = text_.data();
  const uint32_t* token = index_ + next_;
  const uint32_t* const last = index_ + count_;
  if (token == last) return Fail();
  const char c = data[*token];
  if (c == '}') {
    last_end_ = *token + size_t{1};
    ++next_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (c != ',') return Fail();
    ++token;
  }
  first_ = false;
  // A key and its colon.
  if (last - token < 2) return Fail();
  const size_t from = token[0];
  size_t end = token[1];
  if (data[from] != '"' || data[end] != ':') return Fail();
  while (end > from + 1 && IsSpace(data[end - 1])) --end;
  if (end - from < 2 || data[end - 1] != '"') return Fail();
  key.escaped = false;
  key.span = Span{from, end - from};
  key.text = std::string_view(data + from + 1, end - from - 2);
  next_ = static_cast<size_t>(token - index_) + 2;
  if (end > first_escape_) [[unlikely]]
    return CheckKey(key);
  return true;
}

bool Reader::CheckKey(Key& key) {
  return CheckEscapes(key.span.offset, key.span.end(), key.escaped) || Fail();
}

bool Reader::NextElement() {
  return NextInContainer(']');
}

inline size_t Reader::ScalarEnd(size_t token) const {
  const char* const data = text_.data();
  const size_t first = index_[token] + size_t{1};
  size_t end = index_[token + 1];
  while (end > first && IsSpace(data[end - 1])) --end;
  return end;
}

inline bool Reader::ReadString(size_t token, size_t& end, bool& escaped) {
  // Between the closing quote and the next token there is whitespace only: anything else would be a token.
  const size_t from = index_[token];
  end = ScalarEnd(token);
  escaped = false;
  if (end - from < 2 || text_.data()[end - 1] != '"') return false;
  return end <= first_escape_ || CheckEscapes(from, end, escaped);
}

bool Reader::CheckEscapes(size_t from, size_t end, bool& escaped) {
  // Tokens are read from front to back, so the next backslash is looked for once only.
  if (first_escape_ < from) {
    first_escape_ = std::min(text_.find('\\', from), text_.size());
    if (end <= first_escape_) return true;
  }
  escaped = true;
  return EscapesAreValid(text_.substr(from + 1, end - from - 2), text_.data() + first_escape_);
}

inline bool Reader::ReadScalar(Kind kind, size_t& end, bool& escaped) {
  if (kind == Kind::kString) return ReadString(next_, end, escaped);
  escaped = false;
  end = ScalarEnd(next_);
  const size_t from = index_[next_];
  const std::string_view whole(text_.data() + from, end - from);
  switch (kind) {
    case Kind::kNumber:
      return IsNumber(whole);
    case Kind::kTrue:
      return whole == "true";
    case Kind::kFalse:
      return whole == "false";
    case Kind::kNull:
      return whole == "null";
    default:
      return false;
  }
}

// Leaves next_ behind the closing bracket.
bool Reader::ReadContainer(Kind kind) {
  const size_t outside = depth_;
  std::bitset<kDepthLimit + 1> is_object;
  size_t end = 0;
  bool escaped = false;
  bool open = true;  // a bracket was just opened
  if (++depth_ > max_depth_) {
    too_deep_ = true;
    return false;
  }
  ++next_;
  bool object = kind == Kind::kObject;
  is_object[depth_] = object;
  while (true) {
    if (Done()) return false;
    char c = At(next_);
    if (c == (object ? '}' : ']')) {
      ++next_;
      open = false;
      if (--depth_ == outside) return true;
      object = is_object[depth_];
      continue;
    }
    if (!open) {
      if (c != ',' || ++next_ >= count_) return false;
      c = At(next_);
    }
    if (object) {
      if (count_ - next_ < 3 || c != '"' || At(next_ + 1) != ':' || !ReadString(next_, end, escaped))
        return false;
      next_ += 2;
      c = At(next_);
    }
    const Kind inner = KindOf(c);
    open = IsContainer(inner);
    if (open) {
      if (++depth_ > max_depth_) {
        too_deep_ = true;
        return false;
      }
      object = inner == Kind::kObject;
      is_object[depth_] = object;
    } else if (!ReadScalar(inner, end, escaped)) {
      return false;
    }
    ++next_;
  }
}

void Reader::Skip() {
  if (failed_) return;
  if (Done()) {
    Fail();
    return;
  }
  const Kind kind = KindOf(At(next_));
  bool escaped = false;
  if (IsContainer(kind)) {
    if (!ReadContainer(kind)) {
      Fail();
      return;
    }
    last_end_ = index_[next_ - 1] + 1;
  } else {
    if (!ReadScalar(kind, last_end_, escaped)) {
      Fail();
      return;
    }
    ++next_;
  }
  first_ = false;
}

Value Reader::Read() {
  Value value;
  if (failed_) return value;
  if (Done()) {
    Fail();
    return value;
  }
  const Kind kind = KindOf(At(next_));
  const size_t from = index_[next_];
  if (IsContainer(kind)) {
    if (!ReadContainer(kind)) {
      Fail();
      return value;
    }
    last_end_ = index_[next_ - 1] + 1;
  } else {
    if (!ReadScalar(kind, last_end_, value.escaped)) {
      Fail();
      return Value{};
    }
    ++next_;
  }
  value.kind = kind;
  value.span = Span{from, last_end_ - from};
  first_ = false;
  return value;
}

bool Reader::Finish() {
  if (failed_ || depth_ != 0 || next_ == 0 || !Done()) return Fail();
  return true;
}

void Reader::FindStrings(std::span<const Span> regions, std::vector<Span>& found) const {
  if (failed_) return;
  size_t token = 0;
  for (const Span& region : regions) {
    while (token < count_ && index_[token] < region.offset) ++token;
    for (; token < count_ && index_[token] < region.end(); ++token) {
      const size_t from = index_[token];
      if (At(token) == '"') found.push_back(Span{from, ScalarEnd(token) - from});
    }
  }
}

bool ParseUnsigned(std::string_view number, uint64_t& value) {
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  return result.ec == std::errc() && result.ptr == number.data() + number.size();
}

double ParseDouble(std::string_view number) {
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    const size_t exponent = number.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && number.substr(exponent + 1).starts_with('-');
    value = tiny ? 0 : std::numeric_limits<double>::infinity();
    if (number.starts_with('-')) value = -value;
  }
  return value;
}

}  // namespace aisix::json
