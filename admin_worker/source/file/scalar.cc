#include "admin_worker/source/file/scalar.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"

namespace aisix::admin::file {
namespace {

template <typename Integer>
std::optional<Integer> ReadWhole(std::string_view digits, int base) {
  Integer value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<nlohmann::json> ReadInteger(std::string_view text) {
  if (text.starts_with("0x")) {
    if (const auto value = ReadWhole<uint64_t>(text.substr(2), 16)) return nlohmann::json(*value);
  }
  if (text.starts_with("0o")) {
    if (const auto value = ReadWhole<uint64_t>(text.substr(2), 8)) return nlohmann::json(*value);
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) return std::nullopt;
  }
  if (const auto value = ReadWhole<uint64_t>(text, 10)) return nlohmann::json(*value);
  if (const auto value = ReadWhole<int64_t>(text, 10)) return nlohmann::json(*value);
  return std::nullopt;
}

bool IsNamedFloat(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" ||
      text == ".NAN")
    return true;
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  return lower == "inf" || lower == "infinity" || lower == "nan";
}

// Digits with a point or an exponent; no hexadecimal floats.
bool LooksLikeFloat(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  size_t digits = 0;
  size_t points = 0;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) {
      ++digits;
    } else if (text[i] == '.' && points == 0) {
      ++points;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  ++i;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  if (i == text.size()) return false;
  for (; i < text.size(); ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<nlohmann::json> ReadPlainScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null") return nlohmann::json(nullptr);
  if (text == "true") return nlohmann::json(true);
  if (text == "false") return nlohmann::json(false);
  if (std::optional<nlohmann::json> integer = ReadInteger(text)) return *std::move(integer);
  const bool named = IsNamedFloat(text);
  if (!named && !LooksLikeFloat(text)) return nlohmann::json(std::string(text));
  double value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const absl::from_chars_result read = absl::from_chars(digits.data(), digits.data() + digits.size(), value);
  // Too small a number is zero; too large a one is not representable.
  const bool too_large = read.ec == std::errc::result_out_of_range && std::abs(value) > 1;
  if (named || too_large || !std::isfinite(value))
    return absl::InvalidArgumentError(fmt::format("number \"{}\" is not representable in JSON", text));
  return nlohmann::json(value);
}

}  // namespace aisix::admin::file
