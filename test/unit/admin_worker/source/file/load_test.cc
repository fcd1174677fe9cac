// The rows of spec 02 §7.6 that concern the file and one entry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/admin_worker/source/file/loading.h"

namespace aisix::admin::file {
namespace {

using model::Kind;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kCollections[] =
    "provider_keys, models, api_keys, guardrails, mcp_servers, a2a_agents, cache_policies, "
    "observability_exporters, "
    "rate_limit_policies, oidc_providers, claim_mappings, passthrough_routes, mcp_auth_settings";

LoadReport ReportOf(const absl::StatusOr<std::string>& content) {
  static const SchemaCatalog schemas;
  auto result = LoadFile("r.yaml", content, {}, schemas);
  return std::get<LoadReport>(result);
}

TEST(Load, Unreadable) {
  const LoadReport report = ReportOf(absl::UnavailableError("No such file or directory (os error 2)"));
  EXPECT_EQ(
      report.ToString(),
      "resources file r.yaml: 1 error(s):\n  - (file): cannot read file: No such file or directory (os error "
      "2)\n");
  EXPECT_EQ(report.errors[0].kind, ErrorKind::kFetch);
  EXPECT_THAT(Errors("a: \"\xff\""), ElementsAre(HasSubstr("(file): cannot read file: ")));
}

TEST(Load, Documents) {
  EXPECT_THAT(Errors("a: [\n"), ElementsAre(HasSubstr("(file): YAML parse error: ")));
  EXPECT_EQ(ReportOf(std::string("a: [\n")).errors[0].kind, ErrorKind::kNonJson);
  EXPECT_THAT(BodyErrors("models: []\nmodels: []\n"), ElementsAre(HasSubstr("(file): YAML parse error: ")));
  EXPECT_THAT(Errors(""), ElementsAre("(file): file is empty"));
  EXPECT_THAT(Errors("a: 1\n---\nb: 1\n"), ElementsAre("(file): expected a single YAML document, found 2"));
  for (const char* text : {"- a\n", "x\n", "---\n"})
    EXPECT_THAT(
        Errors(text),
        ElementsAre("(file): top level must be a mapping with `_format_version` and resource collections"));
}

TEST(Load, FormatVersion) {
  EXPECT_THAT(Errors("models: []\n"),
              ElementsAre("(file): missing mandatory _format_version (expected \"1\")"));
  EXPECT_THAT(Errors("_format_version: \"2\"\n"),
              ElementsAre("(file): unrecognized _format_version \"2\" (supported: \"1\")"));
  for (const char* text : {"_format_version: 1\n", "_format_version:\n", "_format_version: [1]\n"})
    EXPECT_THAT(Errors(text), ElementsAre("(file): _format_version must be the string \"1\" (quote it)"));
  EXPECT_THAT(Errors("_format_version: \"1\"\n"), ElementsAre());
}

TEST(Load, TopLevelKeys) {
  EXPECT_THAT(
      BodyErrors("guardrail_attachments: []\n"),
      ElementsAre("(file): unknown top-level key `guardrail_attachments` (expected _format_version and "
                  "resource collections: " +
                  std::string(kCollections) + ")"));
  EXPECT_THAT(BodyErrors("1: x\n"),
              ElementsAre(HasSubstr("(file): top-level keys must be plain strings, found ")));
}

TEST(Load, Collections) {
  EXPECT_THAT(BodyErrors("models: {}\n"), ElementsAre("(file): `models` must be a sequence of maps"));
  EXPECT_THAT(BodyErrors("models: x\n"), ElementsAre("(file): `models` must be a sequence of maps"));
  EXPECT_THAT(BodyErrors("models:\napi_keys: null\nguardrails: ~\nmcp_servers: []\n"), ElementsAre());
  EXPECT_THAT(BodyErrors("models: [x, 1]\n"),
              ElementsAre("models[0]: entry must be a mapping", "models[1]: entry must be a mapping"));
}

TEST(Load, Conversion) {
  EXPECT_THAT(BodyErrors("provider_keys: [{display_name: a, api_key: \"${X}\"}]\n"),
              ElementsAre("provider_keys[0]: field `api_key`: environment variable `X` is unset or empty"));
  EXPECT_THAT(
      BodyErrors("models: [{display_name: m, routing: {targets: [{model: \"${X}\"}]}}]\n"),
      ElementsAre("models[0]: field `routing.targets[0].model`: environment variable `X` is unset or empty"));
}

TEST(Load, AnEntryThatCannotBeConvertedIsStillAName) {
  EXPECT_THAT(BodyErrors("provider_keys: [{display_name: a, api_key: \"${X}\"}]\n"
                         "models: [{display_name: m, provider: p, model_name: x, provider_key: a}]\n"),
              ElementsAre(HasSubstr("provider_keys[0]")));
}

TEST(Load, Identities) {
  const std::string tail = " is required and must be a non-empty string (it is the entry's identity)";
  EXPECT_THAT(
      BodyErrors("models: [{provider: p}, {display_name: ''}, {display_name: 1}]\nguardrails: [{kind: pii}]\n"
                 "mcp_servers: [{url: u}]\n"),
      ElementsAre("models[0]: display_name" + tail, "models[1]: display_name" + tail,
                  "models[2]: display_name" + tail, "guardrails[0]: name" + tail,
                  "mcp_servers[0]: name (or display_name)" + tail));
}

TEST(Load, Duplicates) {
  EXPECT_THAT(
      BodyErrors("guardrails: [{name: a, kind: pii}, {name: b, kind: pii}, {name: a, kind: pii}]\n"
                 "mcp_auth_settings: [{}, {}]\n"),
      ElementsAre("guardrails[2] (\"a\"): duplicate guardrails entry: name \"a\" is already defined at "
                  "guardrails[0] — identities must be unique within a kind",
                  "mcp_auth_settings[1] (\"mcp_auth_settings\"): duplicate mcp_auth_settings entry: the "
                  "singleton identity \"mcp_auth_settings\" is already defined at mcp_auth_settings[0] — "
                  "identities must be unique within a kind"));
}

TEST(Load, IdsAreNotAccepted) {
  EXPECT_THAT(BodyErrors("guardrails: [{name: a, kind: pii, id: x}]\n"),
              ElementsAre("guardrails[0] (\"a\"): the resources file does not accept `id` — ids are derived "
                          "deterministically from the entry's name"));
}

TEST(Load, SchemaAndDecoder) {
  EXPECT_THAT(
      BodyErrors("cache_policies: [{name: a, ttl_seconds: 0}]\n"),
      ElementsAre("cache_policies[0] (\"a\"): schema validation failed at `/ttl_seconds`: value is less than "
                  "the minimum of 1"));
  EXPECT_THAT(BodyErrors("guardrails: [{name: a, kind: pii, knob: 1}]\n"),
              ElementsAre("guardrails[0] (\"a\"): schema validation failed at ``: unknown field(s): `knob`"));
  EXPECT_THAT(
      BodyErrors("models: [{display_name: a, retries: 1, routing: {targets: [{model: a}]}}]\n"),
      ElementsAre(
          "models[0] (\"a\"): schema validation failed at ``: `retries` not accepted on a model group"));
  EXPECT_THAT(
      BodyErrors("provider_keys: [{display_name: a, api_key: x, secret: y}]\n"),
      ElementsAre("provider_keys[0] (\"a\"): cannot decode canonical document: duplicate field `api_key`"));
  EXPECT_THAT(
      BodyErrors("rate_limit_policies: [{name: a, limits: {}}]\n"),
      ElementsAre(
          "rate_limit_policies[0] (\"a\"): schema validation failed at ``: `limits` must set at least "
          "one field"));
}

TEST(Load, ErrorsNeverHoldValues) {
  const Variables variables{{"SECRET", "hunter2"}};
  for (const std::string& error :
       BodyErrors("provider_keys: [{display_name: a, api_key: k, adapter: \"${SECRET}\"},\n"
                  "  {display_name: b, api_key: {x: \"${SECRET}\"}}]\n",
                  variables))
    EXPECT_THAT(error, ::testing::Not(HasSubstr("hunter2")));
}

TEST(Load, ErrorsAreInTheOrderOfTheFile) {
  EXPECT_THAT(BodyErrors("zeta: 1\nguardrails: [{name: a, kind: nope}]\nmodels: [{display_name: a}, 1]\n"),
              ElementsAre(HasSubstr("(file)"), HasSubstr("models[0]"), HasSubstr("models[1]"),
                          HasSubstr("guardrails[0]")));
}

TEST(Load, AcceptedDocumentsAreCanonical) {
  const Variables variables{{"KEY", "a: {b}\n1"}};
  EXPECT_EQ(Accepted("provider_keys: [{display_name: a, secret: \"${KEY}\"}]\n", Kind::kProviderKey, "a",
                     variables),
            (json{{"display_name", "a"}, {"api_key", "a: {b}\n1"}}));
  EXPECT_EQ(Accepted("passthrough_routes: [{display_name: r, path_prefix: /x, target_url: 'https://a',\n"
                     "  credential_mode: forward_client}]\n",
                     Kind::kPassthroughRoute, "r")
                .value("name", ""),
            "r");
}

TEST(Load, AListMayBeMentionedTwice) {
  EXPECT_THAT(BodyErrors("provider_keys: &list [{display_name: a}, 1]\nmodels: *list\n"),
              ElementsAre(HasSubstr("provider_keys[0]"), HasSubstr("provider_keys[1]"),
                          HasSubstr("models[0]"), HasSubstr("models[1]")));
}

TEST(Load, HashOfTheBytes) {
  const auto result = LoadText("_format_version: \"1\"\n");
  EXPECT_EQ(std::get<LoadedFile>(result).source_hash.size(), 64u);
  EXPECT_NE(std::get<LoadedFile>(result).source_hash,
            std::get<LoadedFile>(LoadText("_format_version: '1'\n")).source_hash);
}

}  // namespace
}  // namespace aisix::admin::file
