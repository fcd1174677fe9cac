#include "lib/control/figures.h"

#include <fmt/core.h>

#include <charconv>

#include "absl/status/status.h"

namespace aisix::control {
namespace {

// Calls `member(name, value)` for each of them.
template <typename Sample, typename Function>
void ForEachMember(Sample& sample, Function member) {
  member("resident_bytes", sample.resident_bytes);
  member("virtual_bytes", sample.virtual_bytes);
  member("cpu_seconds", sample.cpu_seconds);
  member("open_files", sample.open_files);
  member("max_open_files", sample.max_open_files);
  member("start_time_seconds", sample.start_time_seconds);
}

}  // namespace

std::string EncodeFigures(const os::ProcessSample& sample) {
  std::string text;
  ForEachMember(sample,
                [&](std::string_view name, auto value) { text += fmt::format("{} {}\n", name, value); });
  return text;
}

absl::StatusOr<os::ProcessSample> DecodeFigures(std::string_view text) {
  os::ProcessSample sample;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const size_t blank = line.find(' ');
    if (end == std::string_view::npos || blank == std::string_view::npos) {
      return absl::InvalidArgumentError("figures: a line is cut short");
    }
    const std::string_view digits = line.substr(blank + 1);
    bool valid = true;
    ForEachMember(sample, [&](std::string_view name, auto& value) {
      if (name != line.substr(0, blank)) return;
      const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      valid = error == std::errc() && rest == digits.data() + digits.size();
    });
    if (!valid) return absl::InvalidArgumentError("figures: not a number");
    text.remove_prefix(end + 1);
  }
  return sample;
}

}  // namespace aisix::control
