#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "lib/log/logger.h"

namespace aisix::log {
namespace {

bool EqualsIgnoreCase(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// -1 (off) … 4 (trace); nullopt: not a level.
std::optional<int> ParseLevel(std::string_view word) {
  static constexpr std::string_view kNames[] = {"off", "error", "warn", "info", "debug", "trace"};
  for (int i = 0; i < 6; ++i) {
    if (EqualsIgnoreCase(word, kNames[i])) return i - 1;
  }
  if (word.size() == 1 && word[0] >= '0' && word[0] <= '5') return word[0] - '0' - 1;
  return std::nullopt;
}

std::string_view Strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool IsTarget(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ':' || c == '-' || c == '.';
  });
}

}  // namespace

Filter::Filter() = default;

absl::StatusOr<Filter> Filter::Parse(std::string_view directives) {
  Filter filter;
  while (!directives.empty()) {
    const size_t comma = std::min(directives.find(','), directives.size());
    const std::string_view part = Strip(directives.substr(0, comma));
    directives.remove_prefix(std::min(comma + 1, directives.size()));
    if (part.empty()) continue;
    const auto invalid = [part] {
      return absl::InvalidArgumentError(fmt::format("invalid log filter directive \"{}\"", part));
    };
    Directive directive;
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      if (const std::optional<int> level = ParseLevel(part)) {
        directive.level = *level;
      } else if (IsTarget(part)) {
        directive = {std::string(part), static_cast<int>(Level::kTrace)};
      } else {
        return invalid();
      }
    } else {
      const std::string_view target = part.substr(0, equals);
      const std::optional<int> level = ParseLevel(part.substr(equals + 1));
      if (!IsTarget(target) || !level) return invalid();
      directive = {std::string(target), *level};
    }
    // The same target again: the later directive counts.
    std::erase_if(filter.directives_, [&](const Directive& d) { return d.target == directive.target; });
    filter.directives_.push_back(std::move(directive));
  }
  // Longest first, so that the first match decides.
  std::stable_sort(filter.directives_.begin(), filter.directives_.end(),
                   [](const Directive& a, const Directive& b) { return a.target.size() > b.target.size(); });
  return filter;
}

absl::StatusOr<Filter> Filter::Choose(std::string_view log_level, const std::string* rust_log) {
  if (rust_log != nullptr) {
    absl::StatusOr<Filter> filter = Parse(*rust_log);
    if (filter.ok()) return filter;
  }
  return Parse(log_level);
}

bool Filter::Enabled(Level level, std::string_view target) const {
  for (const Directive& directive : directives_) {
    if (target.starts_with(directive.target)) return static_cast<int>(level) <= directive.level;
  }
  return false;
}

}  // namespace aisix::log
