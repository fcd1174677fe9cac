#include "lib/model/decode/timestamp.h"

#include "absl/time/civil_time.h"

namespace aisix::model::decode {
namespace {

// `count` digits at the front of `text`, taken away; -1 when they are not there.
int TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool TakeOne(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The digits behind the decimal point; what is finer than a nanosecond is cut.
std::optional<absl::Duration> TakeFraction(std::string_view& text) {
  if (!TakeOne(text, ".")) return absl::ZeroDuration();
  int64_t nanoseconds = 0;
  int64_t unit = 100000000;
  size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanoseconds += (text.front() - '0') * unit;
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return absl::Nanoseconds(nanoseconds);
}

std::optional<absl::Duration> TakeOffset(std::string_view& text) {
  if (TakeOne(text, "Zz")) return absl::ZeroDuration();
  if (text.empty()) return std::nullopt;
  const bool negative = text.front() == '-';
  if (!TakeOne(text, "+-")) return std::nullopt;
  const int hours = TakeDigits(text, 2);
  if (hours < 0 || hours > 23 || !TakeOne(text, ":")) return std::nullopt;
  const int minutes = TakeDigits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  const absl::Duration offset = absl::Hours(hours) + absl::Minutes(minutes);
  return negative ? -offset : offset;
}

}  // namespace

std::optional<absl::Time> ParseTimestamp(std::string_view text) {
  const int year = TakeDigits(text, 4);
  if (year < 0 || !TakeOne(text, "-")) return std::nullopt;
  const int month = TakeDigits(text, 2);
  if (month < 0 || !TakeOne(text, "-")) return std::nullopt;
  const int day = TakeDigits(text, 2);
  if (day < 0 || !TakeOne(text, "Tt ")) return std::nullopt;
  const int hour = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || !TakeOne(text, ":")) return std::nullopt;
  const int minute = TakeDigits(text, 2);
  if (minute < 0 || minute > 59 || !TakeOne(text, ":")) return std::nullopt;
  const int second = TakeDigits(text, 2);
  if (second < 0 || second > 60) return std::nullopt;
  const std::optional<absl::Duration> fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  const std::optional<absl::Duration> offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const absl::CivilDay date(year, month, day);
  if (date.month() != month || date.day() != day) return std::nullopt;  // it was normalised: no such day
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) + *fraction - *offset;
}

}  // namespace aisix::model::decode
