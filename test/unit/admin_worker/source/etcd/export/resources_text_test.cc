#include "admin_worker/source/etcd/export/resources_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "admin_worker/source/file/entry.h"
#include "admin_worker/source/file/load.h"

namespace aisix::admin::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr char kHash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class ResourcesTextTest : public ::testing::Test {
 protected:
  ExportedText Export(std::vector<KeyValue> entries, bool reveal = false) {
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return WriteResources(keys_, schemas_, entries, reveal);
  }
  // What comes of the file when it is loaded with the variables of the export: documents by kind and id.
  std::map<DocumentKey, nlohmann::json> Load(const ExportedText& exported) {
    const file::Variables variables(exported.variables.begin(), exported.variables.end());
    auto result = file::LoadFile("r.yaml", exported.yaml, variables, schemas_);
    if (const auto* report = std::get_if<file::LoadReport>(&result)) {
      ADD_FAILURE() << report->ToString() << exported.yaml;
      return {};
    }
    std::map<DocumentKey, nlohmann::json> documents;
    std::get<file::LoadedFile>(result).documents.ForEach(
        [&](model::Kind kind, const std::string& id, const DocumentPtr& value) {
          documents[{kind, id}] = nlohmann::json::parse(value->json());
        });
    return documents;
  }
  static DocumentKey Key(model::Kind kind, const std::string& identity) {
    return {kind, file::DeriveId(kind, identity)};
  }

  const KeySpace keys_{"/aisix", ""};
  const SchemaCatalog schemas_;
};

const KeyValue kProviderKey{
    "/aisix/provider_keys/p1",
    R"({"display_name":"openai prod","provider":"openai","secret":"sk-$ecret","api_base":"https://a.example/$x",
        "request":{"default_headers":{"X-Key":"h$1"},"default_body_fields":{"user":"u","n":2}}})",
    1};
const KeyValue kModel{"/aisix/models/m1",
                      R"({"display_name":"gpt","provider":"openai","model_name":"no","provider_key_id":"p1",
                          "cost":{"input_per_1k":0.00001,"output_per_1k":1},"future":true})",
                      1};

TEST_F(ResourcesTextTest, Form) {
  const ExportedText exported = Export({kProviderKey});
  EXPECT_EQ(exported.yaml,
            "---\n"
            "_format_version: \"1\"\n"
            "provider_keys:\n"
            "  - api_base: \"https://a.example/$$x\"\n"
            "    api_key: \"${AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_API_KEY}\"\n"
            "    display_name: \"openai prod\"\n"
            "    provider: \"openai\"\n"
            "    request:\n"
            "      default_body_fields:\n"
            "        \"n\": 2\n"
            "        user: \"${AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_DEFAULT_BODY_FIELDS_USER}\"\n"
            "      default_headers:\n"
            "        \"X-Key\": \"${AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_DEFAULT_HEADERS_X_KEY}\"\n");
  EXPECT_THAT(exported.variables,
              ElementsAre(Pair("AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_API_KEY", "sk-$ecret"),
                          Pair("AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_DEFAULT_BODY_FIELDS_USER", "u"),
                          Pair("AISIXSECRET_PROVIDER_KEY_OPENAI_PROD_DEFAULT_HEADERS_X_KEY", "h$1")));
}

TEST_F(ResourcesTextTest, AnEmptyEtcd) {
  EXPECT_EQ(Export({}).yaml, "---\n_format_version: \"1\"\n");
  EXPECT_TRUE(Load(Export({})).empty());
}

TEST_F(ResourcesTextTest, WhatIsLoadedIsWhatWasExported) {
  for (const bool reveal : {false, true}) {
    const ExportedText exported = Export({kProviderKey, kModel}, reveal);
    EXPECT_EQ(exported.resources, 2u);
    EXPECT_THAT(exported.issues, ElementsAre());
    if (reveal) {
      EXPECT_THAT(exported.yaml, HasSubstr("sk-$$ecret"));
      EXPECT_TRUE(exported.variables.empty());
    } else {
      EXPECT_THAT(exported.yaml, Not(HasSubstr("ecret\"")));
    }
    const auto documents = Load(exported);
    const nlohmann::json& key = documents.at(Key(model::Kind::kProviderKey, "openai prod"));
    EXPECT_EQ(key["api_key"], "sk-$ecret");
    EXPECT_EQ(key["api_base"], "https://a.example/$x");
    EXPECT_EQ(key["request"]["default_headers"]["X-Key"], "h$1");
    EXPECT_EQ(key["request"]["default_body_fields"]["n"], 2);
    const nlohmann::json& gpt = documents.at(Key(model::Kind::kModel, "gpt"));
    EXPECT_EQ(gpt["provider_key_id"], file::DeriveId(model::Kind::kProviderKey, "openai prod"));
    EXPECT_EQ(gpt["model_name"], "no");
    EXPECT_EQ(gpt["cost"]["input_per_1k"], 0.00001);
    EXPECT_FALSE(gpt.contains("future"));
  }
}

TEST_F(ResourcesTextTest, ReferencesBecomeNames) {
  const std::string identity = "apikey-0123456789abcdef";
  const ExportedText exported = Export({
      kProviderKey,
      kModel,
      {"/aisix/api_keys/k1", std::string(R"({"allowed_models":["gpt"],"key_hash":")") + kHash + "\"}", 1},
      {"/aisix/rate_limit_policies/r1",
       R"({"name":"by model","scope":"model","scope_ref":"m1","window":"minute","max_requests":5})", 1},
      {"/aisix/rate_limit_policies/r2",
       R"({"name":"by key","scope":"api_key","scope_ref":"k1","window":"minute","max_requests":5})", 1},
      {"/aisix/rate_limit_policies/r3",
       R"({"name":"by team","scope":"team","scope_ref":"t1","window":"minute","max_requests":5})", 1},
      {"/aisix/cache_policies/c1", R"({"name":"c","applies_to":"api_key:k1"})", 1},
  });
  EXPECT_THAT(exported.issues, ElementsAre());
  EXPECT_THAT(exported.yaml, HasSubstr("provider_key: \"openai prod\""));
  EXPECT_THAT(exported.yaml, HasSubstr("scope_ref: \"gpt\""));
  EXPECT_THAT(exported.yaml, HasSubstr("scope_ref: \"t1\""));
  EXPECT_THAT(exported.yaml, HasSubstr("display_name: \"" + identity + "\""));
  const auto documents = Load(exported);
  const std::string id = file::DeriveId(model::Kind::kApiKey, identity);
  EXPECT_EQ(documents.at({model::Kind::kApiKey, id})["key_hash"], kHash);
  EXPECT_EQ(documents.at(Key(model::Kind::kRateLimitPolicy, "by key"))["scope_ref"], id);
  EXPECT_EQ(documents.at(Key(model::Kind::kCachePolicy, "c"))["applies_to"], "api_key:" + id);
}

TEST_F(ResourcesTextTest, EntriesAreSortedByIdentity) {
  const std::string yaml = Export({{"/aisix/cache_policies/1", R"({"name":"z"})", 1},
                                   {"/aisix/cache_policies/2", R"({"name":"a"})", 1}})
                               .yaml;
  EXPECT_LT(yaml.find("\"a\""), yaml.find("\"z\""));
}

TEST_F(ResourcesTextTest, OnlyGuardrailsOfTheWholeEnvironment) {
  const auto guardrail = [](const std::string& name) {
    return R"({"name":")" + name + R"(","kind":"keyword","patterns":[{"kind":"literal","value":"x"}]})";
  };
  const ExportedText exported = Export({
      {"/aisix/guardrails/g1", guardrail("everywhere"), 1},
      {"/aisix/guardrails/g2", guardrail("some"), 1},
      {"/aisix/guardrails/g3", guardrail("loose"), 1},
      {"/aisix/guardrail_attachments/a1", R"({"guardrail_id":"g1","scope_type":"env","priority":1})", 1},
      {"/aisix/guardrail_attachments/a2",
       R"({"guardrail_id":"g2","scope_type":"team","scope_id":"t","priority":1})", 1},
  });
  ASSERT_THAT(exported.rejected, ElementsAre());
  EXPECT_EQ(exported.resources, 1u);
  EXPECT_THAT(exported.yaml, HasSubstr("everywhere"));
  EXPECT_EQ(exported.warnings.size(), 2u);
}

TEST_F(ResourcesTextTest, SecretsOfEveryKind) {
  const ExportedText exported = Export({
      {"/aisix/mcp_servers/1", R"({"name":"m-1","url":"https://m","auth_type":"bearer","secret":"s1"})", 1},
      {"/aisix/a2a_agents/1", R"({"display_name":"a","url":"https://a","auth_type":"bearer","secret":"s2"})",
       1},
      {"/aisix/observability_exporters/1",
       R"({"name":"o","kind":"otlp_http","endpoint":"https://o","headers":{"x-key":"s3"}})", 1},
      {"/aisix/guardrails/1",
       R"({"name":"g","kind":"bedrock","guardrail_id":"i","guardrail_version":"1","region":"r","latency_mode":{"kind":"serial"},
           "aws_credentials":{"kind":"static","access_key_id":"public","secret_access_key":"s4"}})",
       1},
      {"/aisix/guardrail_attachments/a1", R"({"guardrail_id":"1","scope_type":"env","priority":1})", 1},
  });
  for (const auto& [key, refused] : exported.rejected) ADD_FAILURE() << key << " " << refused.error;
  EXPECT_THAT(exported.variables,
              ElementsAre(Pair("AISIXSECRET_A2A_AGENT_A_SECRET", "s2"),
                          Pair("AISIXSECRET_GUARDRAIL_G_SECRET_ACCESS_KEY", "s4"),
                          Pair("AISIXSECRET_MCP_SERVER_M_1_SECRET", "s1"),
                          Pair("AISIXSECRET_OBSERVABILITY_EXPORTER_O_HEADER_X_KEY", "s3")));
  EXPECT_EQ(Load(exported).size(), 4u);
}

TEST_F(ResourcesTextTest, BlockingIssues) {
  const ExportedText exported = Export({
      {"/aisix/models/m1",
       R"({"display_name":"a","provider":"openai","model_name":"u","provider_key_id":"gone"})", 1},
      {"/aisix/cache_policies/1", R"({"name":"twice"})", 1},
      {"/aisix/cache_policies/2", R"({"name":"twice"})", 1},
  });
  EXPECT_THAT(exported.issues,
              ElementsAre("cache_policies: \"twice\" is the identity of several resources",
                          "models \"a\" references provider_keys \"gone\", which is not there"));
}

TEST_F(ResourcesTextTest, RejectedRowsAreNamed) {
  const ExportedText exported = Export({{"/aisix/models/bad", "{", 1}, {"/aisix-other/x", "{}", 1}});
  ASSERT_EQ(exported.rejected.size(), 2u);
  EXPECT_EQ(exported.rejected[0].second.error_kind, "bad_key");
  EXPECT_EQ(exported.rejected[1].first, "/aisix/models/bad");
}

TEST_F(ResourcesTextTest, WhatAFileCannotHoldIsToldOf) {
  const ExportedText exported =
      Export({{"/aisix/mcp_policies/1", R"({"scope":"env","default_action":"allow"})", 1}});
  for (const auto& [key, refused] : exported.rejected) ADD_FAILURE() << key << " " << refused.error;
  EXPECT_THAT(exported.warnings, ElementsAre("mcp_policies: 1 not exported"));
}

}  // namespace
}  // namespace aisix::admin::etcd
