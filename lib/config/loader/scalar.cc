#include "lib/config/loader/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/charconv.h"
#include "absl/strings/str_format.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

template <typename Number>
std::optional<Number> ParseInteger(std::string_view text, int base) {
  Number number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Length of the run of decimal digits at the start.
size_t Digits(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && IsDigit(text[length])) ++length;
  return length;
}

bool IsDecimalFloat(std::string_view text) {
  size_t whole = Digits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (ConsumePrefix(text, ".")) {
    fraction = Digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (!ConsumePrefix(text, "+")) ConsumePrefix(text, "-");
  return !text.empty() && Digits(text) == text.size();
}

}  // namespace

std::optional<int64_t> ParseSigned(std::string_view text) {
  if (ConsumePrefix(text, "+") && text.starts_with("-")) return std::nullopt;
  return ParseInteger<int64_t>(text, 10);
}

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  ConsumePrefix(text, "+");
  return ParseInteger<uint64_t>(text, 10);
}

std::optional<double> ParseFloat(std::string_view text) {
  bool negative = false;
  if (!ConsumePrefix(text, "+")) negative = ConsumePrefix(text, "-");
  double value = 0;
  if (EqualsIgnoringCase(text, "inf") || EqualsIgnoringCase(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (EqualsIgnoringCase(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (IsDecimalFloat(text)) {
    // Out of range is infinity or zero, which is what from_chars leaves in `value`.
    absl::from_chars(text.data(), text.data() + text.size(), value);
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::string FloatText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[512];  // the longest: 1.8e308 and 5e-324 written out
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed);
  if (error != std::errc()) return absl::StrFormat("%g", value);
  return std::string(buffer, end);
}

Value YamlScalar(std::string_view text, std::string_view origin) {
  if (text.empty() || text == "~" || text == "null") {
    Value null;
    null.origin = std::string(origin);
    return null;
  }
  if (text == "true" || text == "false") return Value::Boolean(text == "true", origin);
  std::optional<int64_t> integer;
  if (text.starts_with("0x")) {
    integer = ParseInteger<int64_t>(text.substr(2), 16);
  } else if (text.starts_with("0o")) {
    integer = ParseInteger<int64_t>(text.substr(2), 8);
  } else {
    integer = ParseSigned(text);
  }
  if (integer) return Value::Integer(*integer, origin);
  // The spellings of YAML itself, beside those of the float parser.
  std::string_view unsigned_text = text;
  bool negative = ConsumePrefix(unsigned_text, "-");
  if (!negative) ConsumePrefix(unsigned_text, "+");
  if (unsigned_text == ".inf" || unsigned_text == ".Inf" || unsigned_text == ".INF") {
    double infinity = std::numeric_limits<double>::infinity();
    return Value::Float(negative ? -infinity : infinity, origin);
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return Value::Float(std::numeric_limits<double>::quiet_NaN(), origin);
  }
  if (std::optional<double> real = ParseFloat(text)) return Value::Float(*real, origin);
  return Value::String(text, origin);
}

std::string Describe(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "unit value";
    case Value::Kind::kBoolean:
      return value.boolean ? "boolean `true`" : "boolean `false`";
    case Value::Kind::kInteger:
      return Concat("64-bit integer `", value.integer, "`");
    case Value::Kind::kFloat:
      return Concat("floating point `", FloatText(value.real), "`");
    case Value::Kind::kString:
      return Concat("string ", Quote(value.text));
    case Value::Kind::kList:
      return "sequence";
    case Value::Kind::kTable:
      return "map";
  }
  return "value";
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
      case '\\':
        quoted += '\\';
        quoted += c;
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          absl::StrAppendFormat(&quoted, "\\u{%x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    unsigned char first = static_cast<unsigned char>(text[at]);
    size_t length = first < 0x80   ? 1
                    : first < 0xc2 ? 0
                    : first < 0xe0 ? 2
                    : first < 0xf0 ? 3
                    : first < 0xf5 ? 4
                                   : 0;
    if (length == 0 || at + length > text.size()) return false;
    for (size_t next = 1; next < length; ++next) {
      if ((static_cast<unsigned char>(text[at + next]) & 0xc0) != 0x80) return false;
    }
    if (length > 2) {
      unsigned char second = static_cast<unsigned char>(text[at + 1]);
      // Overlong forms, surrogates, above U+10FFFF.
      if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
          (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    at += length;
  }
  return true;
}

}  // namespace aisix::config
