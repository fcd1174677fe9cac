#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "lib/model/rate_limit_policy.h"

namespace aisix::model {
namespace {

constexpr size_t kMaxLeaves = 16;
constexpr size_t kMaxDepth = 3;
constexpr size_t kMaxListValues = 64;
constexpr size_t kMaxPatternBytes = 256;

size_t CountLeaves(const std::vector<ConditionNode>& nodes) {
  size_t count = 0;
  for (const ConditionNode& node : nodes) count += node.group ? CountLeaves(node.children) : 1;
  return count;
}

size_t Depth(const std::vector<ConditionNode>& nodes) {
  size_t deepest = 0;
  for (const ConditionNode& node : nodes)
    deepest = std::max(deepest, 1 + (node.group ? Depth(node.children) : 0));
  return deepest;
}

bool Admitted(PolicyDimension dimension, ConditionOperator operation) {
  switch (operation) {
    case ConditionOperator::kEqual:
    case ConditionOperator::kNotEqual:
    case ConditionOperator::kIn:
      return true;
    case ConditionOperator::kRegex:
    case ConditionOperator::kRegexIgnoreCase:
      return dimension == PolicyDimension::kModelName || dimension == PolicyDimension::kProvider;
    default:
      return false;
  }
}

// The reason why a leaf is refused; empty: none.
std::string LeafProblem(const ConditionNode& leaf) {
  if (!Admitted(leaf.dimension, leaf.operation))
    return fmt::format("operator `{}` is not supported on this dimension", OperatorName(leaf.operation));
  if (leaf.operation == ConditionOperator::kIn) {
    if (!leaf.value_is_list)
      return fmt::format("operator `{}` takes a list value", OperatorName(leaf.operation));
    if (leaf.values.empty() || leaf.values.size() > kMaxListValues)
      return "`in` list must carry 1..=64 values";
    if (std::any_of(leaf.values.begin(), leaf.values.end(), [](const std::string& v) { return v.empty(); }))
      return "`in` list values must be non-empty";
    return {};
  }
  if (leaf.value_is_list)
    return fmt::format("operator `{}` takes a single string value", OperatorName(leaf.operation));
  const std::string& value = leaf.values.front();
  if (value.empty()) return "value must be non-empty";
  if (leaf.operation == ConditionOperator::kRegex || leaf.operation == ConditionOperator::kRegexIgnoreCase) {
    if (value.size() > kMaxPatternBytes) return "regex pattern exceeds 256 bytes";
    RE2::Options options;
    options.set_log_errors(false);
    if (!RE2(ToRe2Syntax(value), options).ok())
      return fmt::format("regex pattern \"{}\" does not compile", value);
  }
  return {};
}

absl::Status CheckNodes(const std::vector<ConditionNode>& nodes) {
  for (const ConditionNode& node : nodes) {
    if (node.group) {
      if (node.children.empty()) return absl::InvalidArgumentError("condition group has no children");
      if (absl::Status status = CheckNodes(node.children); !status.ok()) return status;
      continue;
    }
    const std::string problem = LeafProblem(node);
    if (!problem.empty())
      return absl::InvalidArgumentError(
          fmt::format("condition on `{}`: {}", DimensionName(node.dimension), problem));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToRe2Syntax(std::string_view pattern) {
  std::string converted;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    converted.push_back(c);
    if (c == '\\' && i + 1 < pattern.size()) {
      converted.push_back(pattern[++i]);
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    const bool named = !in_class && c == '(' && pattern.substr(i + 1).starts_with("?<") &&
                       i + 3 < pattern.size() && pattern[i + 3] != '=' && pattern[i + 3] != '!';
    if (named) {
      converted += "?P<";
      i += 2;
    }
  }
  return converted;
}

absl::Status CheckRateLimitPolicy(const RateLimitPolicy& policy) {
  if (policy.limits && *policy.limits == RateLimit{})
    return absl::InvalidArgumentError("`limits` must set at least one field");
  for (size_t i = 0; i < policy.group_by.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (policy.group_by[i] == policy.group_by[j])
        return absl::InvalidArgumentError(
            fmt::format("`group_by` repeats dimension `{}`", DimensionName(policy.group_by[i])));
    }
  }
  const size_t leaves = CountLeaves(policy.conditions);
  if (leaves > kMaxLeaves)
    return absl::InvalidArgumentError(fmt::format("conditions carry {} leaves; the maximum is 16", leaves));
  if (Depth(policy.conditions) > kMaxDepth)
    return absl::InvalidArgumentError("conditions nest deeper than 3 levels");
  return CheckNodes(policy.conditions);
}

}  // namespace aisix::model
