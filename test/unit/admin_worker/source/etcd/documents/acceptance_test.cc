#include "admin_worker/source/etcd/documents/acceptance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::admin::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kModel[] =
    R"({"display_name":"m","provider":"openai","model_name":"u","provider_key_id":"p"})";

class AcceptanceTest : public ::testing::Test {
 protected:
  std::variant<Accepted, Refused> Accept(std::string_view key, std::string_view value) {
    return etcd::Accept(keys_, schemas_, key, value);
  }
  Refused Refusal(std::string_view key, std::string_view value) {
    auto outcome = Accept(key, value);
    if (const auto* accepted = std::get_if<Accepted>(&outcome)) {
      ADD_FAILURE() << "accepted: " << accepted->canonical;
      return {};
    }
    return std::get<Refused>(outcome);
  }
  Accepted Good(std::string_view key, std::string_view value) {
    auto outcome = Accept(key, value);
    if (const auto* refused = std::get_if<Refused>(&outcome)) {
      ADD_FAILURE() << refused->error_kind << ": " << refused->error;
      return {};
    }
    return std::get<Accepted>(outcome);
  }

  const KeySpace keys_{"/aisix", ""};
  const SchemaCatalog schemas_;
};

// The rows of spec 02 §4, in the order in which they are checked.
TEST_F(AcceptanceTest, RefusalsByStep) {
  struct Case {
    const char* key;
    const char* value;
    const char* kind;
    const char* error;
  };
  const Case cases[] = {
      {"/aisix/models", "not json", "bad_key", "is missing the `{kind}/{id}` suffix"},
      {"/aisix/models/m", "{", "non_json", "parse error at line 1"},
      {"/aisix/models/m", "", "non_json", "parse error at line 1"},
      {"/aisix/gadgets/g", "{", "non_json", "parse error"},  // the kind is looked at after the value
      {"/aisix/gadgets/g", "{}", "unknown_kind", "unknown kind \"gadgets\""},
      {"/aisix/models/m", "[]", "schema_failed", "schema validation failed at ``"},
      {"/aisix/models/m", R"({"display_name":1})", "schema_failed",
       "schema validation failed at `/display_name`: value is not of type \"string\""},
      {"/aisix/api_keys/k", R"({"allowed_models":[]})", "schema_failed",
       "\"key_hash\" is a required property"},
      {"/aisix/provider_keys/p", R"({"display_name":"p","provider":"openai","api_key":"a","secret":"b"})",
       "parse_failed", "duplicate field `api_key`"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.key + std::string(" ") + one.value);
    const Refused refused = Refusal(one.key, one.value);
    EXPECT_EQ(refused.error_kind, one.kind);
    EXPECT_THAT(refused.error, HasSubstr(one.error));
  }
}

TEST_F(AcceptanceTest, SemanticsOfRateLimitPoliciesAreASchemaFailure) {
  const Refused refused = Refusal("/aisix/rate_limit_policies/r",
                                  R"({"name":"r","limits":{"rpm":1},
                  "conditions":[{"dimension":"model_name","operator":"~~","value":"("}]})");
  EXPECT_EQ(refused.error_kind, "schema_failed");
  EXPECT_EQ(refused.collection, "rate_limit_policies");
  EXPECT_EQ(refused.id, "r");
}

TEST_F(AcceptanceTest, NoMessageHoldsWhatTheDocumentHolds) {
  for (const char* value : {R"({"display_name":"p","api_key":"sk-live-1")", R"({"api_key":sk-live-1})",
                            R"({"display_name":"p","provider":["sk-live-1"],"api_key":"sk-live-1"})"}) {
    EXPECT_THAT(Refusal("/aisix/provider_keys/p", value).error, Not(HasSubstr("sk-live")));
  }
}

TEST_F(AcceptanceTest, BottomlessDocumentsAreRefused) {
  EXPECT_EQ(Refusal("/aisix/models/m", std::string(200'000, '[')).error_kind, "non_json");
  EXPECT_EQ(Refusal("/aisix/models/m", std::string(129, '[') + std::string(129, ']')).error,
            "nested deeper than 128 levels");
}

TEST_F(AcceptanceTest, AcceptedDocumentsAreCanonical) {
  const Accepted accepted =
      Good("/aisix/models/m",
           R"({ "provider":"openai", "provider_key_id":"p","model_name":"u","display_name":"m"})");
  EXPECT_EQ(accepted.key, (DocumentKey{model::Kind::kModel, "m"}));
  EXPECT_EQ(accepted.canonical,
            R"({"display_name":"m","model_name":"u","provider":"openai","provider_key_id":"p"})");
  EXPECT_EQ(accepted.served, "");
  EXPECT_TRUE(accepted.ignored.empty());
}

TEST_F(AcceptanceTest, BothSpellingsServeUnderOneName) {
  const Accepted accepted =
      Good("/aisix/provider_keys/p", R"({"display_name":"p","provider":"openai","secret":"s"})");
  EXPECT_EQ(accepted.canonical, R"({"display_name":"p","provider":"openai","secret":"s"})");
  EXPECT_EQ(accepted.served, R"({"api_key":"s","display_name":"p","provider":"openai"})");
}

TEST_F(AcceptanceTest, UnknownMembersAreReportedByPath) {
  const Accepted accepted = Good("/aisix/api_keys/k",
                                 R"({"key_hash":"h","allowed_models":["*"],"quota_profile":"x","b":1,
                                     "rate_limit":{"rpm":1,"burst":2}})");
  EXPECT_THAT(accepted.ignored, ElementsAre("b", "quota_profile", "rate_limit.burst"));
}

TEST_F(AcceptanceTest, PositionsInListsAreOnePath) {
  const Accepted accepted = Good("/aisix/models/m",
                                 R"({"display_name":"m","routing":{"strategy":"failover","targets":
               [{"model":"a","weight":1,"new":1},{"model":"b","weight":1,"new":2}]}})");
  EXPECT_THAT(accepted.ignored, ElementsAre("routing.targets.[].new"));
}

TEST_F(AcceptanceTest, ReportsAreBounded) {
  std::string text = R"({"key_hash":"h","allowed_models":["*"])";
  for (int i = 0; i < 100; ++i) text += ",\"x" + std::to_string(1000 + i) + "\":1";
  const Accepted accepted = Good("/aisix/api_keys/k", text + "}");
  ASSERT_EQ(accepted.ignored.size(), kMaxIgnored + 1);
  EXPECT_EQ(accepted.ignored[63], "x1063");
  EXPECT_EQ(accepted.ignored[64], "...truncated");
}

TEST_F(AcceptanceTest, KnobsThatAModelCannotUseAreStrippedAndReported) {
  struct Case {
    const char* shape;
    std::vector<std::string> stripped;
  };
  const char knobs[] =
      R"("auto_prompt_caching":{"enabled":true},"cost":{"input_per_1k":1,"output_per_1k":1},"retries":1,)"
      R"("stream_timeout":5,"timeout":5)";
  const Case cases[] = {
      {R"("routing":{"strategy":"failover","targets":[{"model":"a","weight":1}]})",
       {"auto_prompt_caching", "cost", "retries"}},
      {R"("ensemble":{"panel":[{"model":"a"},{"model":"b"}],"judge":{"model":"c"}})",
       {"auto_prompt_caching", "cost", "retries", "stream_timeout", "timeout"}},
      {R"("semantic":{"embedding_model":"e","default":"d","match":{"threshold":0.5},"routes":[{"name":"r","target":"t","examples":["x"]}]})",
       {"auto_prompt_caching", "cost"}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.shape);
    const Accepted accepted =
        Good("/aisix/models/m", std::string(R"({"display_name":"m",)") + one.shape + "," + knobs + "}");
    std::vector<std::string> expected;
    for (const std::string& name : one.stripped) {
      expected.push_back("inapplicable:" + name);
      EXPECT_THAT(accepted.served, Not(HasSubstr("\"" + name + "\"")));
      EXPECT_THAT(accepted.canonical, HasSubstr("\"" + name + "\""));  // the hash is over what etcd holds
    }
    EXPECT_EQ(accepted.ignored, expected);
  }
  EXPECT_TRUE(Good("/aisix/models/m", kModel).ignored.empty());
}

TEST_F(AcceptanceTest, KindsThatOnlyEtcdHas) {
  EXPECT_EQ(Good("/aisix/guardrail_attachments/a", R"({"guardrail_id":"g","scope_type":"env","priority":1})")
                .key.kind,
            model::Kind::kGuardrailAttachment);
}

}  // namespace
}  // namespace aisix::admin::etcd
