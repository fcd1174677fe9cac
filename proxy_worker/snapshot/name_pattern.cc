#include "proxy_worker/snapshot/name_pattern.h"

namespace aisix::proxy {

NamePattern::NamePattern(std::string_view pattern) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    form_ = Form::kExact;
    prefix_ = pattern;
  } else if (pattern.find('*', star + 1) == std::string_view::npos) {
    form_ = Form::kWildcard;
    prefix_ = pattern.substr(0, star);
    suffix_ = pattern.substr(star + 1);
  }
}

std::optional<std::string_view> NamePattern::Capture(std::string_view name) const {
  switch (form_) {
    case Form::kNever:
      return std::nullopt;
    case Form::kExact:
      if (name != prefix_) return std::nullopt;
      return std::string_view();
    case Form::kWildcard:
      break;
  }
  if (name.size() < literal_length() || !name.starts_with(prefix_) || !name.ends_with(suffix_)) {
    return std::nullopt;
  }
  return name.substr(prefix_.size(), name.size() - literal_length());
}

NamePatternList::NamePatternList(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern == "*") everything_ = true;
  }
  if (everything_) return;
  patterns_.reserve(patterns.size());
  for (const std::string& pattern : patterns) patterns_.emplace_back(pattern);
}

bool NamePatternList::Matches(std::string_view name) const {
  if (everything_) return true;
  for (const NamePattern& pattern : patterns_) {
    if (pattern.Matches(name)) return true;
  }
  return false;
}

}  // namespace aisix::proxy
