// rate_limit_policy: a limit over many callers or models (spec 03 §14).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/model/rate_limit.h"

namespace aisix::model {

enum class PolicyScope : uint8_t { kApiKey, kModel, kTeam, kMember, kTeamMember };
enum class PolicyWindow : uint8_t { kSecond, kMinute, kHour, kDay };
enum class PolicyDimension : uint8_t { kTeam, kMember, kApiKey, kModel, kModelName, kProvider };
enum class ConditionOperator : uint8_t {
  kEqual,
  kNotEqual,
  kRegex,
  kRegexIgnoreCase,
  kIn,
  kHas,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kIpMatch
};

// The words of the document for these.
std::string_view DimensionName(PolicyDimension dimension);
std::string_view OperatorName(ConditionOperator operation);

// A leaf or a group of conditions (§14.4).
struct ConditionNode {
  bool group = false;
  bool negate = false;
  // Leaf.
  PolicyDimension dimension = PolicyDimension::kTeam;
  ConditionOperator operation = ConditionOperator::kEqual;
  bool value_is_list = false;
  std::vector<std::string> values;  // exactly one when the value is no list
  // Group.
  bool any = false;  // logic: "or", else "and"
  std::vector<ConditionNode> children;
};

struct PolicySchedule {  // §14.3
  std::string timezone;
  std::vector<std::string> days_of_week;
  std::vector<std::string> dates;
  std::string start_time, end_time;
};

struct RateLimitPolicy {
  std::string name;
  // Classic form: the first three are present.
  std::optional<PolicyScope> scope;
  std::optional<std::string> scope_ref;
  std::optional<PolicyWindow> window;
  std::optional<uint64_t> max_requests, max_tokens;
  // Conditional form: `limits` is present.
  std::optional<RateLimit> limits;
  std::vector<ConditionNode> conditions;
  std::vector<PolicyDimension> group_by;
  std::vector<PolicySchedule> schedules;
};

// As DecodeProviderKey.
absl::StatusOr<RateLimitPolicy> DecodeRateLimitPolicy(const nlohmann::json& document);

// What the schema cannot say (§14.2, §14.4). The message is the text of the report.
absl::Status CheckRateLimitPolicy(const RateLimitPolicy& policy);

// A regular expression of the configuration in RE2's syntax: `(?<name>` becomes `(?P<name>` (spec 00).
std::string ToRe2Syntax(std::string_view pattern);

}  // namespace aisix::model
