#include "lib/log/record.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

namespace aisix::log {
namespace {

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kItalic = "\x1b[3m";
constexpr std::string_view kReset = "\x1b[0m";

void AppendDigits(std::string& out, int64_t value, int width) {
  char digits[20];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, static_cast<size_t>(width));
}

// Not gmtime_r: it takes the lock of the time zone data, which all threads of the process share.
void AppendTime(std::string& out, int64_t time_us) {
  const int64_t seconds = time_us / 1000000;
  const int64_t second_of_day = seconds % 86400;
  // Days since 0000-03-01, split into eras of 400 years: leap days fall on the end of each year.
  const int64_t days = seconds / 86400 + 719468;
  const int64_t era = days / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  AppendDigits(out, year, 4);
  out.push_back('-');
  AppendDigits(out, month, 2);
  out.push_back('-');
  AppendDigits(out, day, 2);
  out.push_back('T');
  AppendDigits(out, second_of_day / 3600, 2);
  out.push_back(':');
  AppendDigits(out, second_of_day / 60 % 60, 2);
  out.push_back(':');
  AppendDigits(out, second_of_day % 60, 2);
  out.push_back('.');
  AppendDigits(out, time_us % 1000000, 6);
  out.push_back('Z');
}

struct LevelText {
  std::string_view padded;
  std::string_view colour;
};

LevelText TextOf(Level level) {
  switch (level) {
    case Level::kError:
      return {"ERROR", "\x1b[31m"};
    case Level::kWarn:
      return {" WARN", "\x1b[33m"};
    case Level::kInfo:
      return {" INFO", "\x1b[32m"};
    case Level::kDebug:
      return {"DEBUG", "\x1b[34m"};
    case Level::kTrace:
      break;
  }
  return {"TRACE", "\x1b[35m"};
}

// Whether one of the eight bytes at `at` may have to be escaped; there are false alarms.
bool MayNeedEscape(const char* at, bool quoted) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x80 * kOnes;
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  const auto has = [word](unsigned char byte) {
    const uint64_t differs = word ^ kOnes * byte;
    return (differs - kOnes) & ~differs & kTops;
  };
  const uint64_t control = ((word - kOnes * 0x20) & ~word & kTops) | has(0x7f);
  return (control | (quoted ? has('"') | has('\\') : 0)) != 0;
}

void AppendEscaped(std::string& out, std::string_view text, bool quoted) {
  size_t clean = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= 8 && !MayNeedEscape(text.data() + i, quoted)) i += 8;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    const bool special = quoted && (c == '"' || c == '\\');
    if (c >= 0x20 && c != 0x7f && !special) continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '"':
      case '\\':
        out.push_back('\\');
        out.push_back(static_cast<char>(c));
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", c);
    }
  }
  out.append(text, clean);
}

void AppendValue(std::string& out, const Field& field) {
  std::visit(
      [&out](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string_view>) {
          out.push_back('"');
          AppendEscaped(out, value, true);
          out.push_back('"');
        } else if constexpr (std::is_same_v<Value, Display>) {
          AppendEscaped(out, value.text, false);
        } else if constexpr (std::is_same_v<Value, Absent>) {
          // AppendRecord leaves such a field out.
        } else if constexpr (std::is_same_v<Value, bool>) {
          out.append(value ? "true" : "false");
        } else {
          char digits[32];
          const auto end = std::to_chars(digits, digits + sizeof(digits), value);
          out.append(digits, end.ptr);
          if constexpr (std::is_same_v<Value, double>) {
            // A whole number keeps its point: 2.0
            if (std::isfinite(value) &&
                std::string_view(digits, end.ptr).find_first_of(".e") == std::string_view::npos) {
              out.append(".0");
            }
          }
        }
      },
      field.value);
}

}  // namespace

void AppendRecord(std::string& out, const Record& record, bool colour) {
  const auto paint = [&out, colour](std::string_view code) {
    if (colour) out.append(code);
  };
  const LevelText level = TextOf(record.level);
  paint(kDim);
  AppendTime(out, record.time_us);
  paint(kReset);
  out.push_back(' ');
  paint(level.colour);
  out.append(level.padded);
  paint(kReset);
  out.push_back(' ');
  if (!record.request_id.empty()) {
    out.append("request{request_id=");
    AppendEscaped(out, record.request_id, false);
    out.append("}: ");
  }
  paint(kDim);
  out.append(record.target);
  out.push_back(':');
  paint(kReset);
  out.push_back(' ');
  AppendEscaped(out, record.message, false);
  for (const Field& field : record.fields) {
    if (std::holds_alternative<Absent>(field.value)) continue;
    out.push_back(' ');
    paint(kItalic);
    out.append(field.name);
    paint(kReset);
    out.push_back('=');
    AppendValue(out, field);
  }
}

}  // namespace aisix::log
