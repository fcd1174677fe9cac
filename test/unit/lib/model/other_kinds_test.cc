#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/model/claim_mapping.h"
#include "lib/model/decode_any.h"
#include "lib/model/guardrail.h"
#include "lib/model/kind.h"
#include "lib/model/mcp_server.h"
#include "lib/model/observability_exporter.h"
#include "lib/model/oidc_provider.h"

namespace aisix::model {
namespace {

using nlohmann::json;

TEST(Kinds, NamesAndIdentities) {
  for (Kind kind : kKinds) EXPECT_EQ(KindFromCollection(CollectionName(kind)), kind);
  EXPECT_EQ(KindFromCollection("apikeys"), std::nullopt);
  EXPECT_EQ(IdentityField(Kind::kModel), "display_name");
  EXPECT_EQ(IdentityField(Kind::kGuardrail), "name");
  EXPECT_TRUE(IdentityHasAlias(Kind::kMcpServer));
  EXPECT_FALSE(IdentityHasAlias(Kind::kGuardrail));
}

TEST(Kinds, AMinimalDocumentOfEveryKindDecodes) {
  const std::pair<Kind, const char*> documents[] = {
      {Kind::kProviderKey, R"({"display_name":"a","api_key":"k"})"},
      {Kind::kModel, R"({"display_name":"a"})"},
      {Kind::kApiKey, R"({"key_hash":"h","allowed_models":[]})"},
      {Kind::kGuardrail, R"({"name":"a","kind":"keyword","patterns":[]})"},
      {Kind::kMcpServer, R"({"name":"a","url":"u"})"},
      {Kind::kA2aAgent, R"({"display_name":"a","url":"u"})"},
      {Kind::kCachePolicy, R"({"name":"a"})"},
      {Kind::kObservabilityExporter, R"({"name":"a","kind":"datadog"})"},
      {Kind::kRateLimitPolicy, R"({"name":"a"})"},
      {Kind::kOidcProvider, R"({"name":"a","issuer":"i","audiences":["x"]})"},
      {Kind::kClaimMapping, R"({"name":"a","jwt_provider":"p","match":[],"resolve":{"api_key_id":"k"}})"},
      {Kind::kPassthroughRoute, R"({"name":"a"})"},
      {Kind::kMcpAuthSettings, "{}"},
      {Kind::kGuardrailAttachment, R"({"guardrail_id":"g","scope_type":"env","priority":1})"},
      {Kind::kMcpPolicy, R"({"scope":"env"})"}};
  for (const auto& [kind, text] : documents) {
    EXPECT_TRUE(CheckDecodes(kind, json::parse(text)).ok()) << text << CheckDecodes(kind, json::parse(text));
    if (kind != Kind::kMcpAuthSettings) {
      EXPECT_FALSE(CheckDecodes(kind, json::object()).ok()) << text;
    }
    EXPECT_FALSE(CheckDecodes(kind, json::array()).ok()) << text;
  }
}

TEST(Kinds, AliasesBecomeCanonical) {
  json key = {{"display_name", "a"}, {"secret", "k"}};
  UseCanonicalNames(Kind::kProviderKey, key);
  EXPECT_EQ(key, (json{{"display_name", "a"}, {"api_key", "k"}}));
  json route = {{"display_name", "a"}};
  UseCanonicalNames(Kind::kPassthroughRoute, route);
  EXPECT_EQ(route, (json{{"name", "a"}}));
  json model = {{"display_name", "a"}};
  UseCanonicalNames(Kind::kModel, model);
  EXPECT_EQ(model, (json{{"display_name", "a"}}));
}

TEST(Kinds, OneSpellingOnly) {
  const auto server = DecodeMcpServer({{"name", "a"}, {"display_name", "a"}, {"url", "u"}});
  EXPECT_EQ(server.status().message(), "duplicate field `name`");
}

TEST(Kinds, DetailsOfTheRest) {
  const auto provider = DecodeOidcProvider(json::parse(
      R"({"name":"a","issuer":"i","audiences":["x"],"bound_claims":{"org":"acme","tier":["a","b"]}})"));
  ASSERT_TRUE(provider.ok());
  EXPECT_EQ(provider->identity_claim, "sub");
  EXPECT_EQ(provider->bound_claims[0].second, std::vector<std::string>{"acme"});
  EXPECT_EQ(provider->bound_claims[1].second, (std::vector<std::string>{"a", "b"}));
  const auto exporter = DecodeObservabilityExporter(
      json::parse(R"({"name":"a","kind":"object_store","compression":"none","auth_mode":"cloud_identity"})"));
  ASSERT_TRUE(exporter.ok());
  EXPECT_FALSE(exporter->gzip);
  EXPECT_TRUE(exporter->cloud_identity);
  const auto guardrail = DecodeGuardrail({{"name", "a"}, {"kind", "nope"}});
  EXPECT_EQ(guardrail.status().message(), "`kind`: unknown variant");
  const auto server = DecodeMcpServer(json::parse(
      R"({"name":"a","url":"u","type":"openapi","spec":{"openapi":"3.0.0"},"auth_type":"oauth2"})"));
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(server->spec, R"({"openapi":"3.0.0"})");
}

}  // namespace
}  // namespace aisix::model
