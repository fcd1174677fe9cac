#include "admin_worker/status/model_status.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;

DocumentSet Models() {
  return {{{Kind::kModel, "1"}, MakeDocument(1, R"({"display_name":"a"})")},
          {{Kind::kModel, "2"}, MakeDocument(1, R"({"display_name":"g","routing":{"targets":[]}})")},
          {{Kind::kProviderKey, "k"}, MakeDocument(1, "{}")}};
}

constexpr char kDefault[] = R"([{"id":"1","display_name":"a","kind":"direct","status":"healthy"},)"
                            R"({"id":"2","display_name":"g","kind":"routing","status":"not_applicable"}])";

TEST(ModelStatus, HealthyWithoutAnAnswer) {
  EXPECT_EQ(RenderModelStatus(Models(), std::nullopt), kDefault);
  for (const char* odd : {"", "[]", "{}", R"({"models":1})", R"({"models":[1,{"id":5}]})"})
    EXPECT_EQ(RenderModelStatus(Models(), odd), kDefault);
  EXPECT_EQ(RenderModelStatus({}, std::nullopt), "[]");
}

TEST(ModelStatus, WhatTheProxySaysIsMerged) {
  const char* health = R"({"models":[{"id":"1","name":"a","health":2,"status":"cooldown",
    "cooldown_until":{"secs_since_epoch":5,"nanos_since_epoch":0},"status_reason":"upstream_server_error"}]})";
  EXPECT_EQ(RenderModelStatus(Models(), health),
            R"([{"id":"1","display_name":"a","kind":"direct","status":"cooldown","cooldown_until":)"
            R"({"nanos_since_epoch":0,"secs_since_epoch":5},"status_reason":"upstream_server_error"},)"
            R"({"id":"2","display_name":"g","kind":"routing","status":"not_applicable"}])");
}

TEST(AdminHealth, WorstModelDecides) {
  const auto status = [](const char* health) {
    return nlohmann::json::parse(RenderAdminHealth(Models(), health, std::nullopt))["status"]
        .get<std::string>();
  };
  EXPECT_EQ(status(R"({"models":[{"id":"1","health":0}]})"), "ok");
  EXPECT_EQ(status(R"({"models":[{"id":"1","health":1}]})"), "degraded");
  EXPECT_EQ(status(R"({"models":[{"id":"1","health":2}]})"), "unhealthy");
  EXPECT_EQ(
      RenderAdminHealth(Models(), std::nullopt, std::nullopt),
      R"({"status":"ok","models":[{"id":"1","name":"a","health":0},{"id":"2","name":"g","health":0}]})");
}

TEST(AdminHealth, AgeOfTheSnapshot) {
  const auto with = [](std::optional<uint64_t> age) {
    return nlohmann::json::parse(RenderAdminHealth({}, std::nullopt, SnapshotAge{7, age}));
  };
  EXPECT_EQ(with(300)["status"], "ok");
  EXPECT_EQ(with(301)["status"], "degraded");
  EXPECT_EQ(with(std::nullopt)["status"], "degraded");
  EXPECT_EQ(with(std::nullopt)["config"]["snapshot_age_seconds"], nullptr);
  EXPECT_EQ(with(5)["config"], (nlohmann::json{{"snapshot_revision", 7}, {"snapshot_age_seconds", 5}}));
}

}  // namespace
}  // namespace aisix::admin
