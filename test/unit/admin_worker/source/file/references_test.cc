// The rows of spec 02 §7.6 between entries.
#include "admin_worker/source/file/references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/admin_worker/source/file/loading.h"

namespace aisix::admin::file {
namespace {

using model::Kind;
using ::testing::ElementsAre;

constexpr char kModels[] =
    "provider_keys: [{display_name: k, api_key: s}]\n"
    "models:\n"
    "- {display_name: b, provider: p, model_name: x, provider_key: k}\n"
    "- {display_name: a, provider: p, model_name: x, provider_key: k}\n";

std::vector<std::string> WithModels(const std::string& body) {
  return BodyErrors(kModels + body);
}

TEST(References, ModelsOfKeysAndGroups) {
  const std::string models = " references unknown model \"z\" (defined models: a, b)";
  EXPECT_THAT(WithModels("api_keys: [{display_name: c, key_hash: h, allowed_models: [a, z, 'z*', '**']}]\n"),
              ElementsAre("api_keys[0] (\"c\"): allowed_models entry" + models));
  EXPECT_THAT(
      BodyErrors("api_keys: [{display_name: c, key_hash: h, allowed_models: [z]}]\n"),
      ElementsAre("api_keys[0] (\"c\"): allowed_models entry references unknown model \"z\" (defined models: "
                  "none)"));
  EXPECT_THAT(
      BodyErrors("models: [{display_name: g, routing: {targets: [{model: z}]}}]\n"),
      ElementsAre("models[0] (\"g\"): routing target references unknown model \"z\" (defined models: g)"));
  EXPECT_THAT(
      BodyErrors("models: [{display_name: g, ensemble: {panel: [{model: y}], judge: {model: z}}}]\n"),
      ElementsAre(
          "models[0] (\"g\"): ensemble panel member references unknown model \"y\" (defined models: g)",
          "models[0] (\"g\"): ensemble judge references unknown model \"z\" (defined models: g)"));
  const std::string scope = "models[0] (\"g\"): semantic ";
  EXPECT_THAT(
      BodyErrors(
          "models: [{display_name: g, semantic: {embedding_model: u, default: v, match: {threshold: 1}, "
          "routes: [{name: r, target: w, examples: [e]}], on_embedding_failure: {target: z}}}]\n"),
      ElementsAre(scope + "embedding_model references unknown model \"u\" (defined models: g)",
                  scope + "default references unknown model \"v\" (defined models: g)",
                  scope + "route \"r\" target references unknown model \"w\" (defined models: g)",
                  scope + "on_embedding_failure target references unknown model \"z\" (defined models: g)"));
}

TEST(References, ProviderKeyIds) {
  EXPECT_THAT(
      BodyErrors("models: [{display_name: m, provider: p, model_name: x, provider_key_id: i}]\n"),
      ElementsAre("models[0] (\"m\"): provider_key_id \"i\" does not match any provider key defined in this "
                  "file — reference it by name with `provider_key` instead"));
  EXPECT_THAT(
      BodyErrors("provider_keys: [{display_name: k, api_key: s}]\nmodels: [{display_name: m, provider: p, "
                 "model_name: x, provider_key_id: " +
                 DeriveId(Kind::kProviderKey, "k") + "}]\n"),
      ElementsAre());
}

TEST(References, RoutesOfKeys) {
  EXPECT_THAT(
      BodyErrors(
          "api_keys: [{display_name: c, key_hash: h, allowed_models: [], allowed_routes: [r, z, 'z*']}]\n"
          "passthrough_routes: [{name: r, path_prefix: /x, target_url: 'https://a', credential_mode: "
          "forward_client}]\n"),
      ElementsAre("api_keys[0] (\"c\"): allowed_routes entry references unknown passthrough route \"z\" "
                  "(defined routes: r)"));
}

TEST(References, CallerKeysAreDistinct) {
  EXPECT_THAT(
      BodyErrors("api_keys:\n- {display_name: c, key_hash: hhh, allowed_models: []}\n"
                 "- {display_name: d, key_hash: hhh, allowed_models: []}\n"),
      ElementsAre("api_keys[1] (\"d\"): duplicate api key credential: this entry's key resolves to the same "
                  "key_hash as api_keys[0] (\"c\") — every api key must have a distinct plaintext"));
}

TEST(References, JwtBindings) {
  EXPECT_THAT(
      BodyErrors("api_keys:\n"
                 "- {display_name: c, key_hash: h1, allowed_models: [], jwt_provider: p, jwt_subject: s}\n"
                 "- {display_name: d, key_hash: h2, allowed_models: [], jwt_provider: p, jwt_subject: s}\n"
                 "- {display_name: e, key_hash: h3, allowed_models: [], jwt_subject: s}\n"
                 "- {display_name: f, key_hash: h4, allowed_models: [], jwt_provider: dangling}\n"),
      ElementsAre(
          "api_keys[1] (\"d\"): duplicate jwt binding \"p\"/\"s\": already used by api_keys[0] (\"c\") — "
          "every "
          "(jwt_provider, jwt_subject) pair must be distinct",
          "api_keys[2] (\"e\"): jwt_subject \"s\" is set without jwt_provider — a subject must name the OIDC "
          "provider allowed to assert it, or a second trusted provider could impersonate this identity"));
}

TEST(References, OidcProviders) {
  EXPECT_THAT(
      BodyErrors("oidc_providers:\n- {name: a, issuer: 'https://i', audiences: [x]}\n"
                 "- {name: b, issuer: 'https://i', audiences: [x], enabled: false}\n"
                 "- {name: c, issuer: 'https://i', audiences: [x]}\n"
                 "- {name: d, issuer: 'https://u:p@i', audiences: [x], jwks_uri: 'https://i/?Token=x'}\n"),
      ElementsAre(
          "oidc_providers[2] (\"c\"): duplicate enabled OIDC issuer \"https://i\": already used by "
          "oidc_providers[0] (\"a\") — every enabled provider must have a distinct issuer",
          "oidc_providers[3] (\"d\"): OIDC provider issuer must not embed credentials (user info or a "
          "token query parameter) — JWKS endpoints are public",
          "oidc_providers[3] (\"d\"): OIDC provider jwks_uri must not embed credentials (user info or "
          "a token query parameter) — JWKS endpoints are public"));
}

TEST(References, ClaimMappings) {
  EXPECT_THAT(
      BodyErrors("claim_mappings: [{name: m, jwt_provider: z, match: [{claim: c, op: exact, values: [v]}], "
                 "resolve: {api_key_id: i}}]\n"),
      ElementsAre("claim_mappings[0] (\"m\"): jwt_provider references unknown OIDC provider \"z\" (defined "
                  "providers: none)",
                  "claim_mappings[0] (\"m\"): resolve.api_key_id \"i\" does not match any api key defined in "
                  "this file — reference the key by name via `resolve.api_key` instead"));
}

TEST(References, McpAuthSettings) {
  EXPECT_THAT(
      BodyErrors("mcp_auth_settings: [{resource_url: 'https://u@h/mcp'}]\n"),
      ElementsAre(
          "mcp_auth_settings[0] (\"mcp_auth_settings\"): mcp_auth_settings resource_url must not embed "
          "credentials (user info or a token query parameter) — protected resource metadata is "
          "public"));
}

TEST(References, CredentialsInUrls) {
  for (const char* url :
       {"https://u@h", "https://u:p@h/x", "https://h?token=", "https://h/x?a=1&API_KEY=2", "https://h?apikey",
        "https://h?client_secret=x", "https://h?access_token=x", "https://h?password=x"})
    EXPECT_TRUE(UrlHasCredentials(url)) << url;
  for (const char* url : {"https://h/a@b", "https://h?x=a@b", "https://h?tokens=1", "https://h#token=1", "h"})
    EXPECT_FALSE(UrlHasCredentials(url)) << url;
}

TEST(References, OnlyEntriesThatDecodedTakePart) {
  EXPECT_THAT(BodyErrors("api_keys: [{display_name: c, key_hash: '', allowed_models: [z]}]\n"),
              ElementsAre(::testing::HasSubstr("schema validation failed")));
}

}  // namespace
}  // namespace aisix::admin::file
