#include "lib/model/rate_limit_policy.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aisix::model {
namespace {

using nlohmann::json;

// The complaint about a conditional policy with these conditions; empty: none.
std::string Complaint(const std::vector<json>& conditions) {
  const json document = {{"name", "p"}, {"limits", {{"rpm", 1}}}, {"conditions", conditions}};
  const auto policy = DecodeRateLimitPolicy(document);
  if (!policy.ok()) return "decode: " + std::string(policy.status().message());
  const absl::Status status = CheckRateLimitPolicy(*policy);
  return status.ok() ? "" : std::string(status.message());
}

json Leaf(const char* dimension, const char* operation, json value) {
  return {{"dimension", dimension}, {"operator", operation}, {"value", std::move(value)}};
}

json Group(const std::vector<json>& children) {
  return {{"logic", "and"}, {"children", std::move(children)}};
}

TEST(RateLimitPolicy, Classic) {
  const auto policy = DecodeRateLimitPolicy(json::parse(
      R"({"name":"p","scope":"team_member","scope_ref":"t","window":"hour","max_requests":5,
          "schedules":[{"timezone":"UTC","days_of_week":["mon"],"start_time":"00:00","end_time":"24:00"}]})"));
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->scope, PolicyScope::kTeamMember);
  EXPECT_EQ(policy->window, PolicyWindow::kHour);
  EXPECT_EQ(policy->schedules[0].end_time, "24:00");
  EXPECT_TRUE(CheckRateLimitPolicy(*policy).ok());
}

TEST(RateLimitPolicy, LimitsAndGroups) {
  const auto empty = DecodeRateLimitPolicy(json::parse(R"({"name":"p","limits":{}})"));
  EXPECT_EQ(CheckRateLimitPolicy(*empty).message(), "`limits` must set at least one field");
  const auto repeated = DecodeRateLimitPolicy(
      json::parse(R"({"name":"p","limits":{"rpm":1},"group_by":["team","model","team"]})"));
  EXPECT_EQ(CheckRateLimitPolicy(*repeated).message(), "`group_by` repeats dimension `team`");
}

TEST(RateLimitPolicy, Operators) {
  EXPECT_EQ(
      Complaint({Leaf("team", "==", "a"), Leaf("model", "~=", "b"), Leaf("member", "in", json::array({"c"})),
                 Leaf("model_name", "~~", "^(?<n>gpt)"), Leaf("provider", "~*", "open")}),
      "");
  EXPECT_EQ(Complaint({Leaf("team", "~~", "a")}),
            "condition on `team`: operator `~~` is not supported on this dimension");
  for (const char* operation : {"has", ">", ">=", "<", "<=", "ipmatch"})
    EXPECT_EQ(Complaint({Leaf("model_name", operation, "a")}), "condition on `model_name`: operator `" +
                                                                   std::string(operation) +
                                                                   "` is not supported on this dimension");
  EXPECT_EQ(Complaint({Leaf("team", "in", "a")}), "condition on `team`: operator `in` takes a list value");
  EXPECT_EQ(Complaint({Leaf("team", "==", json::array({"a"}))}),
            "condition on `team`: operator `==` takes a single string value");
}

TEST(RateLimitPolicy, Values) {
  EXPECT_EQ(Complaint({Leaf("team", "in", json::array())}),
            "condition on `team`: `in` list must carry 1..=64 values");
  EXPECT_EQ(Complaint({Leaf("team", "in", json(std::vector<std::string>(64, "a")))}), "");
  EXPECT_EQ(Complaint({Leaf("team", "in", json(std::vector<std::string>(65, "a")))}),
            "condition on `team`: `in` list must carry 1..=64 values");
  EXPECT_EQ(Complaint({Leaf("team", "in", json::array({""}))}),
            "condition on `team`: `in` list values must be non-empty");
  EXPECT_EQ(Complaint({Leaf("team", "==", "")}), "condition on `team`: value must be non-empty");
  EXPECT_EQ(Complaint({Leaf("provider", "~~", std::string(256, 'a'))}), "");
  EXPECT_EQ(Complaint({Leaf("provider", "~~", std::string(257, 'a'))}),
            "condition on `provider`: regex pattern exceeds 256 bytes");
  EXPECT_EQ(Complaint({Leaf("provider", "~~", "(")}),
            "condition on `provider`: regex pattern \"(\" does not compile");
}

TEST(RateLimitPolicy, Shape) {
  std::vector<json> leaves;
  for (int i = 0; i < 17; ++i) leaves.push_back(Leaf("team", "==", "a"));
  EXPECT_EQ(Complaint(leaves), "conditions carry 17 leaves; the maximum is 16");
  leaves.pop_back();
  EXPECT_EQ(Complaint(leaves), "");
  const json leaf = Leaf("team", "==", "a");
  EXPECT_EQ(Complaint({Group({Group({leaf})})}), "");
  EXPECT_EQ(Complaint({Group({Group({Group({leaf})})})}), "conditions nest deeper than 3 levels");
  EXPECT_EQ(Complaint({Group({})}), "condition group has no children");
}

TEST(RateLimitPolicy, VeryDeepDocumentsAreRefusedWhileReading) {
  json node = Leaf("team", "==", "a");
  for (int i = 0; i < 100; ++i) node = Group({std::move(node)});
  EXPECT_EQ(Complaint({std::move(node)}).substr(0, 7), "decode:");
}

TEST(RateLimitPolicy, NamedGroups) {
  EXPECT_EQ(ToRe2Syntax("(?<a>x)(?<=y)(?<!z)[(?<]\\(?<q>"), "(?P<a>x)(?<=y)(?<!z)[(?<]\\(?<q>");
}

}  // namespace
}  // namespace aisix::model
