#include "lib/model/model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aisix::model {
namespace {

TEST(Model, Direct) {
  const auto model =
      ParseModel(R"({"display_name":"m","provider":"openai","model_name":"gpt","provider_key_id":"k",
    "timeout":0,"stream_timeout":5,"retries":3,"rate_limit":{"rpm":5,"concurrency":2},"allowed_cidrs":["10.0.0.0/8"],
    "cost":{"input_per_1k":0.5,"output_per_1k":1},"embedding":{"dimensions":3},
    "background_model_check":{"enabled":true,"interval_seconds":5,"timeout_seconds":1,"prompt":"p","max_tokens":1,
      "stale_after_seconds":9,"ignore_statuses":[429]},
    "cooldown":{"default_seconds":0},"auto_prompt_caching":{"enabled":true}})");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->kind(), ModelKind::kDirect);
  EXPECT_EQ(model->timeout_ms, 0u);
  EXPECT_EQ(model->stream_timeout_ms, 5u);
  EXPECT_EQ(model->retries, 3u);
  EXPECT_EQ(model->rate_limit->rpm, 5u);
  EXPECT_FALSE(model->rate_limit->rps);
  EXPECT_EQ(model->cost->input_per_1k, 0.5);
  EXPECT_TRUE(model->embedding->normalize);
  EXPECT_EQ(model->background_model_check->ignore_statuses, std::vector<uint16_t>{429});
  EXPECT_EQ(model->cooldown->default_seconds, 0u);
  EXPECT_EQ(model->cooldown->max_seconds, 600u);
  EXPECT_EQ(model->auto_prompt_caching->ttl, "5m");
  EXPECT_FALSE(model->is_wildcard());
}

TEST(Model, Routing) {
  const auto model = ParseModel(R"({"display_name":"m","routing":{"strategy":"least_busy","targets":[
    {"model":"a","weight":0,"priority":-1,"tags":["t"]},{"model":"b"}],"retries":1,"max_fallbacks":2,
    "retry_on_429":true,"fallback_on_statuses":[400],"when_all_unavailable":"try_anyway",
    "hash_on":[{"type":"header","name":"x"},{"type":"client_ip"}]}})");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->kind(), ModelKind::kRouting);
  EXPECT_EQ(ModelKindName(model->kind()), "routing");
  const Routing& routing = *model->routing;
  EXPECT_EQ(routing.strategy, RoutingStrategy::kLeastBusy);
  EXPECT_EQ(routing.targets[0].priority, -1);
  EXPECT_EQ(routing.targets[1].weight, 1u);
  EXPECT_EQ(routing.when_all_unavailable, WhenAllUnavailable::kTryAnyway);
  EXPECT_EQ(routing.hash_on[0].name, "x");
  EXPECT_EQ(routing.hash_on[1].type, HashSourceType::kClientIp);
  EXPECT_FALSE(ParseModel(R"({"display_name":"m","routing":{"strategy":"weighted","targets":[]}})").ok());
}

TEST(Model, EnsembleAndSemantic) {
  const auto ensemble = ParseModel(
      R"({"display_name":"m","ensemble":{"panel":[{"model":"a","temperature":0.1,"seed":7}],"judge":{"model":"j"}}})");
  ASSERT_TRUE(ensemble.ok()) << ensemble.status();
  EXPECT_EQ(ensemble->ensemble->panel[0].seed, 7u);
  const auto semantic = ParseModel(R"({"display_name":"m","semantic":{"embedding_model":"e","default":"d",
    "match":{"threshold":0.5},"routes":[{"name":"r","target":"t","examples":["x"],"threshold":1}],
    "on_embedding_failure":{"target":"f"}}})");
  ASSERT_TRUE(semantic.ok()) << semantic.status();
  EXPECT_EQ(semantic->semantic->on_embedding_failure, OnEmbeddingFailure::kTarget);
  EXPECT_EQ(semantic->semantic->failure_target, "f");
  EXPECT_EQ(semantic->semantic->routes[0].threshold, 1.0);
}

TEST(Model, KnobsWithoutUseAreNotTakenOver) {
  const auto document = nlohmann::json::parse(
      R"({"display_name":"m","timeout":5,"retries":1,"cost":{"input_per_1k":1,"output_per_1k":1},
          "routing":{"targets":[{"model":"a"}]}})");
  EXPECT_EQ(InapplicableKnobs(document), (std::vector<std::string_view>{"cost", "retries"}));
  const auto model = DecodeModel(document);
  ASSERT_TRUE(model.ok());
  EXPECT_FALSE(model->retries);
  EXPECT_FALSE(model->cost);
  EXPECT_EQ(model->timeout_ms, 5u);
}

TEST(Model, IntegersMustFit) {
  const std::string head = R"({"display_name":"m","provider":"p","model_name":"x","provider_key_id":"k",)";
  EXPECT_TRUE(ParseModel(head + R"("retries":4294967295})").ok());
  EXPECT_EQ(ParseModel(head + R"("retries":4294967296})").status().message(),
            "`retries`: integer out of range");
  EXPECT_FALSE(ParseModel(head + R"("retries":-1})").ok());
  EXPECT_FALSE(ParseModel(head + R"("retries":1.0})").ok());
  EXPECT_EQ(*ParseModel(head + R"("timeout":18446744073709551615})")->timeout_ms, UINT64_MAX);
}

TEST(Model, WildcardsAreDirectModelsWithOneStar) {
  EXPECT_TRUE(ParseModel(R"({"display_name":"a/*"})")->is_wildcard());
  EXPECT_FALSE(ParseModel(R"({"display_name":"a/**"})")->is_wildcard());
  EXPECT_FALSE(ParseModel(R"({"display_name":"a/*","routing":{"targets":[]}})")->is_wildcard());
}

}  // namespace
}  // namespace aisix::model
