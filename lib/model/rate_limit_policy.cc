#include "lib/model/rate_limit_policy.h"

#include "lib/model/decode/rate_limit.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<PolicyScope>> EnumNames(const PolicyScope*) {
  static constexpr EnumName<PolicyScope> kNames[] = {{"api_key", PolicyScope::kApiKey},
                                                     {"model", PolicyScope::kModel},
                                                     {"team", PolicyScope::kTeam},
                                                     {"member", PolicyScope::kMember},
                                                     {"team_member", PolicyScope::kTeamMember}};
  return kNames;
}

std::span<const EnumName<PolicyWindow>> EnumNames(const PolicyWindow*) {
  static constexpr EnumName<PolicyWindow> kNames[] = {{"second", PolicyWindow::kSecond},
                                                      {"minute", PolicyWindow::kMinute},
                                                      {"hour", PolicyWindow::kHour},
                                                      {"day", PolicyWindow::kDay}};
  return kNames;
}

std::span<const EnumName<PolicyDimension>> EnumNames(const PolicyDimension*) {
  static constexpr EnumName<PolicyDimension> kNames[] = {{"team", PolicyDimension::kTeam},
                                                         {"member", PolicyDimension::kMember},
                                                         {"api_key", PolicyDimension::kApiKey},
                                                         {"model", PolicyDimension::kModel},
                                                         {"model_name", PolicyDimension::kModelName},
                                                         {"provider", PolicyDimension::kProvider}};
  return kNames;
}

std::span<const EnumName<ConditionOperator>> EnumNames(const ConditionOperator*) {
  static constexpr EnumName<ConditionOperator> kNames[] = {
      {"==", ConditionOperator::kEqual},       {"~=", ConditionOperator::kNotEqual},
      {"~~", ConditionOperator::kRegex},       {"~*", ConditionOperator::kRegexIgnoreCase},
      {"in", ConditionOperator::kIn},          {"has", ConditionOperator::kHas},
      {">", ConditionOperator::kGreater},      {">=", ConditionOperator::kGreaterEqual},
      {"<", ConditionOperator::kLess},         {"<=", ConditionOperator::kLessEqual},
      {"ipmatch", ConditionOperator::kIpMatch}};
  return kNames;
}

namespace {

template <typename Enum>
std::string_view NameOf(Enum value) {
  for (const EnumName<Enum>& name : EnumNames(static_cast<const Enum*>(nullptr))) {
    if (name.value == value) return name.name;
  }
  return {};
}

// Deeper nesting than this is refused while reading, so that a document cannot exhaust the stack; what the
// rules admit (CheckRateLimitPolicy) is far less.
constexpr size_t kMaxPathLength = 512;

}  // namespace

std::string_view DimensionName(PolicyDimension dimension) {
  return NameOf(dimension);
}
std::string_view OperatorName(ConditionOperator operation) {
  return NameOf(operation);
}

void ReadMembers(ObjectReader& reader, ConditionNode& node) {
  if (reader.path().size() > kMaxPathLength) return reader.Fail("", "conditions nest too deep");
  reader.Get("negate", node.negate);
  if (reader.Find("children") != nullptr || reader.Find("logic") != nullptr) {
    node.group = true;
    std::string logic;
    reader.Need("logic", logic);
    if (logic != "and" && logic != "or") reader.Fail("logic", "unknown variant");
    node.any = logic == "or";
    reader.Need("children", node.children);
    return;
  }
  reader.Need("dimension", node.dimension);
  reader.Need("operator", node.operation);
  const nlohmann::json* value = reader.Find("value");
  node.value_is_list = value != nullptr && value->is_array();
  if (node.value_is_list) {
    reader.Need("value", node.values);
  } else {
    reader.Need("value", node.values.emplace_back());
  }
}

void ReadMembers(ObjectReader& reader, PolicySchedule& schedule) {
  reader.Need("timezone", schedule.timezone);
  reader.Get("days_of_week", schedule.days_of_week);
  reader.Get("dates", schedule.dates);
  reader.Need("start_time", schedule.start_time);
  reader.Need("end_time", schedule.end_time);
}

void ReadMembers(ObjectReader& reader, RateLimitPolicy& policy) {
  reader.Need("name", policy.name);
  reader.Get("scope", policy.scope);
  reader.Get("scope_ref", policy.scope_ref);
  reader.Get("window", policy.window);
  reader.Get("max_requests", policy.max_requests);
  reader.Get("max_tokens", policy.max_tokens);
  reader.Get("limits", policy.limits);
  reader.Get("conditions", policy.conditions);
  reader.Get("group_by", policy.group_by);
  reader.Get("schedules", policy.schedules);
}

absl::StatusOr<RateLimitPolicy> DecodeRateLimitPolicy(const nlohmann::json& document) {
  return decode::Decode<RateLimitPolicy>(document);
}

}  // namespace aisix::model
