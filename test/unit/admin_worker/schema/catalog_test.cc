#include "admin_worker/schema/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

using model::Kind;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CatalogTest : public ::testing::Test {
 protected:
  std::string Write(Kind kind, const char* text) {
    return catalog_.CheckWrite(kind, json::parse(text)).value_or("");
  }
  std::string Read(Kind kind, const char* text) {
    unknown_.clear();
    return catalog_.CheckRead(kind, json::parse(text), &unknown_).value_or("");
  }

  SchemaCatalog catalog_;
  std::vector<UnknownField> unknown_;
};

TEST_F(CatalogTest, ReportsPointerAndMaskedMessage) {
  EXPECT_EQ(Write(Kind::kProviderKey, R"({"display_name":"a","api_key":{"x":"hunter2"}})"),
            "schema validation failed at `/api_key`: value is not of type \"string\"");
  EXPECT_EQ(Write(Kind::kProviderKey, R"({"api_key":"k"})"),
            "schema validation failed at ``: \"display_name\" is a required property");
  EXPECT_EQ(Write(Kind::kModel, R"({"display_name":"m","provider":"p","model_name":"x","provider_key_id":"k",
      "background_model_check":{"enabled":true,"interval_seconds":4,"timeout_seconds":1,"prompt":"p","max_tokens":1,
      "stale_after_seconds":1}})"),
            "schema validation failed at `/background_model_check/interval_seconds`: value is less than the "
            "minimum "
            "of 5");
  EXPECT_THAT(Write(Kind::kProviderKey, R"({"display_name":"a","api_key":"k","adapter":"hunter2"})"),
              Not(HasSubstr("hunter2")));
}

TEST_F(CatalogTest, ProviderKeyNeedsOneSpelling) {
  EXPECT_NE(Write(Kind::kProviderKey, R"({"display_name":"a"})"), "");
  EXPECT_EQ(Write(Kind::kProviderKey, R"({"display_name":"a","secret":"k"})"), "");
  EXPECT_EQ(Write(Kind::kProviderKey, R"({"display_name":"a","secret":"k","api_key":"k"})"),
            "");  // the decoder's
  EXPECT_EQ(Write(Kind::kProviderKey, R"({"display_name":"a","api_key":"k","api_base":null,"tls":null})"),
            "");
  EXPECT_NE(Write(Kind::kProviderKey, R"({"display_name":"a","api_key":"k","telemetry_tags":null})"), "");
}

TEST_F(CatalogTest, ModelKinds) {
  EXPECT_EQ(
      Write(Kind::kModel, R"({"display_name":"m","provider":"p","model_name":"x","provider_key_id":"k"})"),
      "");
  EXPECT_EQ(Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]}})"), "");
  EXPECT_NE(Write(Kind::kModel, R"({"display_name":"m"})"), "");
  EXPECT_NE(Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[]}})"), "");
  EXPECT_NE(
      Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]},"provider":"p"})"),
      "");
  EXPECT_NE(
      Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]},"cooldown":{}})"), "");
  EXPECT_NE(Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]},
      "ensemble":{"panel":[{"model":"a"}],"judge":{"model":"j"}}})"),
            "");
  EXPECT_NE(
      Write(Kind::kModel, R"({"display_name":"m","provider":"P","model_name":"x","provider_key_id":"k"})"),
      "");
  EXPECT_NE(Write(Kind::kModel, R"({"display_name":"m","provider":"p","model_name":"x","provider_key_id":"k",
      "timeout":null})"),
            "");
}

TEST_F(CatalogTest, DeadKnobsHaveTheirOwnText) {
  EXPECT_EQ(Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]},"retries":1,
      "cost":{"input_per_1k":1,"output_per_1k":1}})"),
            "schema validation failed at ``: `cost`, `retries` not accepted on a model group");
  EXPECT_EQ(
      Write(Kind::kModel, R"({"display_name":"m","ensemble":{"panel":[{"model":"a"}],"judge":{"model":"j"}},
      "timeout":1})"),
      "schema validation failed at ``: `timeout` not accepted on a ensemble");
  EXPECT_EQ(Write(Kind::kModel, R"({"display_name":"m","semantic":{"embedding_model":"e","default":"d",
      "match":{"threshold":1},"routes":[{"name":"r","target":"t","examples":["x"]}]},
      "auto_prompt_caching":{"enabled":true}})"),
            "schema validation failed at ``: `auto_prompt_caching` not accepted on a semantic router");
  // With another fault the generic message stays.
  EXPECT_THAT(Write(Kind::kModel, R"({"display_name":"m","routing":{"targets":[]},"retries":1})"),
              HasSubstr("/routing/targets"));
  EXPECT_EQ(Read(Kind::kModel, R"({"display_name":"m","routing":{"targets":[{"model":"a"}]},"retries":1})"),
            "");
}

TEST_F(CatalogTest, UnknownFieldsOfGuardrailsAndExporters) {
  EXPECT_EQ(Write(Kind::kGuardrail, R"({"name":"g","kind":"pii","zeta":1,
      "custom_patterns":[{"name":"n","regex":"r","knob":1}]})"),
            "schema validation failed at ``: unknown field(s): `custom_patterns.0.knob`, `zeta`");
  EXPECT_EQ(Write(Kind::kObservabilityExporter,
                  R"({"name":"e","kind":"otlp_http","endpoint":"https://x","site":"s"})"),
            "schema validation failed at ``: unknown field(s): `site`");
  EXPECT_THAT(Write(Kind::kGuardrail, R"({"name":"g","kind":"pii","zeta":1,"default_action":"nope"})"),
              HasSubstr("/default_action"));
}

TEST_F(CatalogTest, StrictAboutUnknownFieldsAndOpenWhereDocumented) {
  EXPECT_NE(Write(Kind::kApiKey, R"({"key_hash":"h","allowed_models":[],"allowed_tools":[]})"), "");
  EXPECT_NE(Write(Kind::kApiKey, R"({"key_hash":"h","allowed_models":[],"rate_limit":{"burst":1}})"), "");
  EXPECT_EQ(Write(Kind::kCachePolicy,
                  R"({"name":"c","zeta":1,"semantic":{"embedding_model":"e","threshold":1,"y":1}})"),
            "");
  EXPECT_EQ(Read(Kind::kApiKey, R"({"key_hash":"h","allowed_models":[],"rate_limit":{"burst":1}})"), "");
  EXPECT_EQ(unknown_, (std::vector<UnknownField>{{"rate_limit.burst", "rate_limit.burst"}}));
}

TEST_F(CatalogTest, McpAccessDiffersBetweenTheContracts) {
  const char* without_allow = R"({"key_hash":"h","allowed_models":[],"mcp_access":{"mode":"old"}})";
  EXPECT_NE(Write(Kind::kApiKey, without_allow), "");
  EXPECT_EQ(Read(Kind::kApiKey, without_allow), "");
  EXPECT_TRUE(unknown_.empty());
}

TEST_F(CatalogTest, ConditionalRules) {
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a","url":"u","auth_type":"bearer"})"), "");
  EXPECT_EQ(Write(Kind::kMcpServer, R"({"name":"a","url":"u","auth_type":"bearer","secret":"s"})"), "");
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a__b","url":"u"})"), "");
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a_","url":"u"})"), "");
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a","url":"u","spec":{}})"), "");
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a","url":"u","type":"openapi"})"), "");
  EXPECT_NE(Write(Kind::kMcpServer, R"({"name":"a","url":"u","type":"openapi","spec":{"swagger":"2.0"}})"),
            "");
  EXPECT_EQ(Write(Kind::kMcpServer, R"({"name":"a","url":"u","type":"openapi","spec":{"openapi":"3"}})"), "");
  EXPECT_NE(
      Write(Kind::kMcpServer,
            R"({"name":"a","url":"u","type":"openapi","spec":{},"api_key_header":"x-k","auth_type":"none"})"),
      "");
  EXPECT_NE(Write(Kind::kA2aAgent, R"({"name":"a b","url":"u"})"), "");
  EXPECT_NE(Write(Kind::kA2aAgent, R"({"name":"a\u0085","url":"u"})"), "");
  EXPECT_EQ(Write(Kind::kA2aAgent, R"({"name":"ä-b","url":"u"})"), "");
  EXPECT_NE(Write(Kind::kObservabilityExporter,
                  R"({"name":"e","kind":"object_store","provider":"azure_blob","bucket":"b","prefix":"p",
                      "auth_mode":"cloud_identity"})"),
            "");
  EXPECT_NE(Write(Kind::kObservabilityExporter,
                  R"({"name":"e","kind":"object_store","provider":"s3","bucket":"b","prefix":"p"})"),
            "");
  EXPECT_NE(Write(Kind::kGuardrail, R"({"name":"g","kind":"semantic","fail_open":false,
      "categories":[{"name":"n","description":"d","candidate_patterns":["x"]}]})"),
            "");
}

TEST_F(CatalogTest, PassthroughRoutes) {
  const char* good = R"({"name":"r","path_prefix":"/x","target_url":"https://a","provider_key_id":"k"})";
  EXPECT_EQ(Write(Kind::kPassthroughRoute, good), "");
  for (
      const char* bad : {
          R"({"name":"r","target_url":"https://a","provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"x","target_url":"https://a","provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"/v1/x","target_url":"https://a","provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"/x","provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"/x","preserve_host":true,"provider_key_id":"k"})",
          R"({"name":"r","hosts":["a.b"],"preserve_host":true,"target_url":"https://a","provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a","credential_mode":"forward_client",
               "provider_key_id":"k"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a","provider_key_id":"k","auth_mode":"header_key"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a","provider_key_id":"k","auth_header_name":"x-k"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a","provider_key_id":"k","auth_mode":"header_key",
               "auth_header_name":"cookie"})",
          R"({"name":"r","path_prefix":"/x","target_url":"https://a","provider_key_id":"k","auth_mode":"anonymous",
               "anonymous_key_id":"a","source_cidrs":[]})",
          R"({"name":"r","hosts":["*.b"],"target_url":"https://a","provider_key_id":"k"})",
      })
    EXPECT_NE(Write(Kind::kPassthroughRoute, bad), "") << bad;
  EXPECT_EQ(
      Write(Kind::kPassthroughRoute,
            R"({"name":"r","hosts":["*.b.c"],"preserve_host":true,"credential_mode":"forward_client"})"),
      "");
}

TEST_F(CatalogTest, RateLimitPolicyForms) {
  EXPECT_EQ(Write(Kind::kRateLimitPolicy,
                  R"({"name":"p","scope":"team","scope_ref":"t","window":"day","max_tokens":1})"),
            "");
  EXPECT_EQ(Write(Kind::kRateLimitPolicy, R"({"name":"p","limits":{"rpm":1},"action":"reject","conditions":[
      {"logic":"or","children":[{"dimension":"team","operator":"in","value":["a"]}],"negate":true}]})"),
            "");
  EXPECT_NE(Write(Kind::kRateLimitPolicy, R"({"name":"p","scope":"team","scope_ref":"t","window":"day"})"),
            "");
  EXPECT_NE(Write(Kind::kRateLimitPolicy, R"({"name":"p","limits":{"rpm":1},"scope":"team"})"), "");
  EXPECT_NE(Write(Kind::kRateLimitPolicy, R"({"name":"p"})"), "");
  EXPECT_NE(Write(Kind::kRateLimitPolicy, R"({"name":"p","limits":{"rpm":1},"schedules":[{"timezone":"UTC",
      "start_time":"00:00","end_time":"24:00"}]})"),
            "");
  EXPECT_NE(Write(Kind::kRateLimitPolicy, R"({"name":"p","limits":{"rpm":1},"schedules":[{"timezone":"UTC",
      "days_of_week":["mon"],"start_time":"24:00","end_time":"24:00"}]})"),
            "");
}

}  // namespace
}  // namespace aisix::admin
