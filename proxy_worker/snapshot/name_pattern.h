// Names with at most one `*` (spec 05 §3.5, 03 §1.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aisix::proxy {

// A pattern: no `*`: exact and case-sensitive; one: prefix and suffix, which may not overlap; more: matches
// nothing. A value.
class NamePattern {
 public:
  NamePattern() = default;
  explicit NamePattern(std::string_view pattern);

  bool Matches(std::string_view name) const { return Capture(name).has_value(); }
  // What the `*` stands for (empty for an exact pattern); nullopt: no match. Points into `name`.
  std::optional<std::string_view> Capture(std::string_view name) const;

  bool is_wildcard() const { return form_ == Form::kWildcard; }
  size_t literal_length() const { return prefix_.size() + suffix_.size(); }

 private:
  enum class Form : unsigned char { kNever, kExact, kWildcard };
  Form form_ = Form::kNever;
  std::string prefix_;  // or the exact name
  std::string suffix_;
};

// An allow-list. An empty one allows nothing.
class NamePatternList {
 public:
  NamePatternList() = default;
  explicit NamePatternList(const std::vector<std::string>& patterns);
  bool Matches(std::string_view name) const;

 private:
  bool everything_ = false;  // one entry is "*"
  std::vector<NamePattern> patterns_;
};

}  // namespace aisix::proxy
