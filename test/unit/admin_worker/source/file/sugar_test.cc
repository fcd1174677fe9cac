// The rows of spec 02 §7.5 and §7.6 about references by name and keys by variable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/crypto/sha256.h"
#include "test/unit/admin_worker/source/file/loading.h"

namespace aisix::admin::file {
namespace {

using model::Kind;
using nlohmann::json;
using ::testing::ElementsAre;

constexpr char kKeys[] =
    "provider_keys: [{display_name: b, api_key: k}, {display_name: a, api_key: k}]\n"
    "api_keys: [{display_name: c, key_hash: h, allowed_models: []}]\n";

std::vector<std::string> WithKeys(const std::string& body) {
  return BodyErrors(kKeys + body);
}

TEST(Sugar, ProviderKeyOfAModel) {
  const std::string body =
      std::string(kKeys) + "models: [{display_name: m, provider: p, model_name: x, provider_key: a}]\n";
  const json model = Accepted(body, Kind::kModel, "m");
  EXPECT_EQ(model["provider_key_id"], DeriveId(Kind::kProviderKey, "a"));
  EXPECT_FALSE(model.contains("provider_key"));
  const std::string scope = "models[0] (\"m\"): ";
  EXPECT_THAT(
      WithKeys(
          "models: [{display_name: m, provider: p, model_name: x, provider_key: a, provider_key_id: i}]\n"),
      ElementsAre(scope + "`provider_key` (a name reference) and `provider_key_id` are mutually exclusive — "
                          "set exactly one"));
  EXPECT_THAT(WithKeys("models: [{display_name: m, provider: p, model_name: x, provider_key: 1}]\n"),
              ElementsAre(scope + "`provider_key` must be a string (a provider key display_name)"));
  EXPECT_THAT(
      WithKeys("models: [{display_name: m, provider: p, model_name: x, provider_key: z}]\n"),
      ElementsAre(scope +
                  "`provider_key` references unknown provider key \"z\" (defined provider_keys: a, b)"));
  EXPECT_THAT(
      BodyErrors("models: [{display_name: m, provider: p, model_name: x, provider_key: z}]\n"),
      ElementsAre(scope +
                  "`provider_key` references unknown provider key \"z\" (no provider_keys are defined "
                  "in this file)"));
}

TEST(Sugar, KeyOfACaller) {
  const Variables variables{{"CI", "plain"}, {"EMPTY", ""}, {"RAW", "x${Y}"}};
  const json key = Accepted("api_keys: [{display_name: c, key_env: CI, allowed_models: []}]\n", Kind::kApiKey,
                            "c", variables);
  EXPECT_EQ(key,
            (json{{"key_hash", crypto::Sha256::Of("plain").ToHex()}, {"allowed_models", json::array()}}));
  const auto errors = [&](const std::string& members) {
    return BodyErrors("api_keys: [{display_name: c, allowed_models: []" + members + "}]\n", variables);
  };
  const std::string scope = "api_keys[0] (\"c\"): ";
  EXPECT_THAT(errors(", key_env: CI, key_hash: h"),
              ElementsAre(scope + "`key_env` and `key_hash` are mutually exclusive — set exactly one"));
  EXPECT_THAT(errors(""),
              ElementsAre(scope + "one of `key_env` (environment variable holding the plaintext key) or "
                                  "`key_hash` (SHA-256 hex of the plaintext) is required"));
  for (const char* bad : {", key_env: ''", ", key_env: 1"})
    EXPECT_THAT(errors(bad),
                ElementsAre(scope + "`key_env` must be a non-empty string (an environment variable name)"));
  EXPECT_THAT(errors(", key_env: UNSET"),
              ElementsAre(scope + "`key_env` environment variable `UNSET` is unset or empty"));
  EXPECT_THAT(errors(", key_env: EMPTY"),
              ElementsAre(scope + "`key_env` environment variable `EMPTY` is unset or empty"));
  EXPECT_THAT(
      errors(", key_env: RAW"),
      ElementsAre(scope +
                  "`key_env` environment variable `RAW` contains an uninterpolated `${...}` reference "
                  "— set it to the plaintext key itself"));
}

TEST(Sugar, PassthroughRoutes) {
  const std::string route =
      "passthrough_routes: [{name: r, path_prefix: /x, target_url: 'https://a', auth_mode: anonymous, "
      "source_cidrs: ['0.0.0.0/0'], ";
  const json accepted = Accepted(std::string(kKeys) + route + "provider_key: a, anonymous_key: c}]\n",
                                 Kind::kPassthroughRoute, "r");
  EXPECT_EQ(accepted["provider_key_id"], DeriveId(Kind::kProviderKey, "a"));
  EXPECT_EQ(accepted["anonymous_key_id"], DeriveId(Kind::kApiKey, "c"));
  const std::string scope = "passthrough_routes[0] (\"r\"): ";
  EXPECT_THAT(WithKeys(route + "provider_key: a, anonymous_key: 1}]\n"),
              ElementsAre(scope + "`anonymous_key` must be a string (a api key display_name)"));
  EXPECT_THAT(WithKeys(route + "provider_key: a, anonymous_key: z}]\n"),
              ElementsAre(scope + "`anonymous_key` references unknown api key \"z\" (defined api_keys: c)"));
  EXPECT_THAT(
      WithKeys(route + "provider_key: a, anonymous_key: c, anonymous_key_id: i}]\n"),
      ElementsAre(scope +
                  "`anonymous_key` (a name reference) and `anonymous_key_id` are mutually exclusive — "
                  "set exactly one"));
}

TEST(Sugar, ClaimMappings) {
  const std::string mapping =
      "oidc_providers: [{name: p, issuer: i, audiences: [x]}]\n"
      "claim_mappings: [{name: m, jwt_provider: p, match: [{claim: c, op: exact, values: [v]}], resolve: ";
  const json accepted = Accepted(std::string(kKeys) + mapping + "{api_key: c}}]\n", Kind::kClaimMapping, "m");
  EXPECT_EQ(accepted["resolve"], (json{{"api_key_id", DeriveId(Kind::kApiKey, "c")}}));
  const std::string scope = "claim_mappings[0] (\"m\"): ";
  EXPECT_THAT(
      WithKeys(mapping + "{api_key: c, api_key_id: i}}]\n"),
      ElementsAre(scope + "`resolve.api_key` (a name reference) and `resolve.api_key_id` are mutually "
                          "exclusive — set exactly one"));
  EXPECT_THAT(WithKeys(mapping + "{api_key: 1}}]\n"),
              ElementsAre(scope + "`resolve.api_key` must be a string (an api key display_name)"));
  EXPECT_THAT(
      WithKeys(mapping + "{api_key: z}}]\n"),
      ElementsAre(scope + "`resolve.api_key` references unknown api key \"z\" (defined api_keys: c)"));
}

TEST(Sugar, RateLimitPolicies) {
  const std::string group = "models: [{display_name: m, provider: p, model_name: x, provider_key: a}]\n";
  const auto policy = [&](const std::string& members) {
    return std::string(kKeys) + group + "rate_limit_policies: [{name: r, " + members + "}]\n";
  };
  EXPECT_EQ(Accepted(policy("scope: model, scope_ref: m, window: day, max_requests: 1"),
                     Kind::kRateLimitPolicy, "r")["scope_ref"],
            DeriveId(Kind::kModel, "m"));
  EXPECT_EQ(Accepted(policy("scope: team, scope_ref: m, window: day, max_requests: 1"),
                     Kind::kRateLimitPolicy, "r")["scope_ref"],
            "m");
  const std::string scope = "rate_limit_policies[0] (\"r\"): ";
  EXPECT_THAT(BodyErrors(policy("scope: api_key, scope_ref: z, window: day, max_requests: 1")),
              ElementsAre(scope + "`scope_ref` references unknown api key \"z\" (defined api_keys: c)"));
  const json conditions =
      Accepted(policy("limits: {rpm: 1}, conditions: [{dimension: api_key, operator: '==', value: "
                      "c}, {logic: or, children: [{dimension: model, operator: in, value: [m]}, "
                      "{dimension: model_name, operator: '==', value: m}]}]"),
               Kind::kRateLimitPolicy, "r")["conditions"];
  EXPECT_EQ(conditions[0]["value"], DeriveId(Kind::kApiKey, "c"));
  EXPECT_EQ(conditions[1]["children"][0]["value"][0], DeriveId(Kind::kModel, "m"));
  EXPECT_EQ(conditions[1]["children"][1]["value"], "m");
  EXPECT_THAT(
      BodyErrors(policy("limits: {rpm: 1}, conditions: [{dimension: model, operator: '==', value: z}]")),
      ElementsAre(scope + "`conditions` model value references unknown model \"z\" (defined models: m)"));
}

}  // namespace
}  // namespace aisix::admin::file
