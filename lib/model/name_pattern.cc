#include "lib/model/name_pattern.h"

namespace aisix::model {

std::optional<std::string_view> PatternCapture(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos || pattern.find('*', star + 1) != std::string_view::npos)
    return std::nullopt;
  const std::string_view prefix = pattern.substr(0, star);
  const std::string_view suffix = pattern.substr(star + 1);
  if (name.size() < prefix.size() + suffix.size()) return std::nullopt;
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
}

bool PatternMatches(std::string_view pattern, std::string_view name) {
  if (pattern.find('*') == std::string_view::npos) return pattern == name;
  return PatternCapture(pattern, name).has_value();
}

bool AnyPatternMatches(std::span<const std::string> patterns, std::string_view name) {
  for (const std::string& pattern : patterns) {
    if (PatternMatches(pattern, name)) return true;
  }
  return false;
}

bool IsWildcardName(std::string_view name) {
  const size_t star = name.find('*');
  return star != std::string_view::npos && name.find('*', star + 1) == std::string_view::npos;
}

std::string ExpandWildcard(std::string_view model_name, std::string_view capture) {
  if (model_name.empty()) return std::string(capture);
  const size_t star = model_name.find('*');
  if (star == std::string_view::npos) return std::string(model_name);
  std::string expanded(model_name.substr(0, star));
  expanded.append(capture);
  expanded.append(model_name.substr(star + 1));
  return expanded;
}

}  // namespace aisix::model
