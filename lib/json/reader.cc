#include "lib/json/reader.h"

#include <simdjson.h>

#include <algorithm>
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
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
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
    if (end - from < 2) return false;
    switch (from[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        from += 2;
        break;
      case 'u':
        if (end - from < 6 || !IsHex(from[2]) || !IsHex(from[3]) || !IsHex(from[4]) || !IsHex(from[5])) {
          return false;
        }
        from += 6;
        break;
      default:
        return false;
    }
    from = static_cast<const char*>(std::memchr(from, '\\', static_cast<size_t>(end - from)));
  }
  return true;
}

Kind KindOf(char first) {
  switch (first) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      return first == '-' || IsDigit(first) ? Kind::kNumber : Kind::kInvalid;
  }
}

}  // namespace

bool Key::IsEscaped(std::string_view name) const {
  std::string plain;
  return AppendUnescaped(plain, text) && plain == name;
}

Reader::Reader(size_t max_depth) : max_depth_(std::min(max_depth, kDepthLimit)) {}
Reader::~Reader() = default;

bool Reader::Fail() {
  failed_ = true;
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

bool Reader::EnterObject() {
  if (failed_ || Done() || At(next_) != '{') return false;
  if (++depth_ > max_depth_) {
    too_deep_ = true;
    return Fail();
  }
  last_end_ = index_[next_++] + 1;
  first_ = true;
  return true;
}

bool Reader::EnterArray() {
  if (failed_ || Done() || At(next_) != '[') return false;
  if (++depth_ > max_depth_) {
    too_deep_ = true;
    return Fail();
  }
  last_end_ = index_[next_++] + 1;
  first_ = true;
  return true;
}

bool Reader::NextMember(Key& key) {
  if (failed_) return false;
  if (Done()) return Fail();
  if (At(next_) == '}') {
    last_end_ = index_[next_++] + 1;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (At(next_) != ',') return Fail();
    ++next_;
    if (Done()) return Fail();
  }
  first_ = false;
  Value name;
  if (At(next_) != '"' || !ReadString(next_, name)) return Fail();
  ++next_;
  if (Done() || At(next_) != ':') return Fail();
  ++next_;
  key.escaped = name.escaped;
  key.span = name.span;
  key.text = name.content(text_);
  return true;
}

bool Reader::NextElement() {
  if (failed_) return false;
  if (Done()) return Fail();
  if (At(next_) == ']') {
    last_end_ = index_[next_++] + 1;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (At(next_) != ',') return Fail();
    ++next_;
  }
  first_ = false;
  return true;
}

std::string_view Reader::ScalarAt(size_t token) const {
  const size_t from = index_[token];
  size_t end = token + 1 < count_ ? index_[token + 1] : text_.size();
  while (end > from + 1 && IsSpace(text_[end - 1])) --end;
  return text_.substr(from, end - from);
}

bool Reader::ReadString(size_t token, Value& value) {
  // Between the closing quote and the next token there is whitespace only: anything else would be a token.
  const std::string_view whole = ScalarAt(token);
  if (whole.size() < 2 || whole.back() != '"') return false;
  value.kind = Kind::kString;
  value.span = Span{index_[token], whole.size()};
  value.escaped = false;
  if (value.span.end() <= first_escape_) return true;
  // Tokens are read from front to back, so the next backslash is looked for once only.
  if (first_escape_ < value.span.offset) {
    first_escape_ = std::min(text_.find('\\', value.span.offset), text_.size());
    if (value.span.end() <= first_escape_) return true;
  }
  value.escaped = true;
  return EscapesAreValid(whole.substr(1, whole.size() - 2), text_.data() + first_escape_);
}

bool Reader::ReadScalar(Value& value) {
  const char first = At(next_);
  if (first == '"') return ReadString(next_, value);
  const std::string_view whole = ScalarAt(next_);
  value.span = Span{index_[next_], whole.size()};
  value.kind = KindOf(first);
  value.escaped = false;
  switch (value.kind) {
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

bool Reader::ReadContainer(Value& value) {
  value.kind = KindOf(At(next_));
  value.escaped = false;
  const size_t from = index_[next_];
  const size_t outside = depth_;
  std::bitset<kDepthLimit + 1> is_object;
  Value inner;
  bool open = true;  // a bracket was just opened
  if (!(At(next_) == '{' ? EnterObject() : EnterArray())) return false;
  is_object[depth_] = value.kind == Kind::kObject;
  while (true) {
    if (Done()) return false;
    char c = At(next_);
    const bool object = is_object[depth_];
    if (c == (object ? '}' : ']')) {
      ++next_;
      open = false;
      if (--depth_ == outside) break;
      continue;
    }
    if (!open) {
      if (c != ',' || ++next_ >= count_) return false;
      c = At(next_);
    }
    if (object) {
      if (c != '"' || !ReadString(next_, inner)) return false;
      if (++next_ >= count_ || At(next_) != ':') return false;
      if (++next_ >= count_) return false;
      c = At(next_);
    }
    open = c == '{' || c == '[';
    if (open) {
      if (++depth_ > max_depth_) {
        too_deep_ = true;
        return false;
      }
      is_object[depth_] = c == '{';
    } else if (!ReadScalar(inner)) {
      return false;
    }
    ++next_;
  }
  value.span = Span{from, index_[next_ - 1] + 1 - from};
  return true;
}

Value Reader::Read() {
  Value value;
  if (failed_) return value;
  if (Done()) {
    Fail();
    return value;
  }
  const char first = At(next_);
  if (first == '{' || first == '[') {
    if (!ReadContainer(value)) {
      Fail();
      return Value{};
    }
  } else {
    if (!ReadScalar(value)) {
      Fail();
      return Value{};
    }
    ++next_;
  }
  last_end_ = value.span.end();
  first_ = false;
  return value;
}

bool Reader::Finish() {
  if (failed_ || depth_ != 0 || next_ == 0 || !Done()) return Fail();
  return true;
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
