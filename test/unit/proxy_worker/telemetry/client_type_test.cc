#include "proxy_worker/telemetry/client_type.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

TEST(ClientType, BuiltInTable) {
  const ClientTypeRules rules;
  EXPECT_EQ(rules.Classify(""), "unknown");
  EXPECT_EQ(rules.Classify("   "), "unknown");
  EXPECT_EQ(rules.Classify("OpenAI/Python 1.50.0"), "openai-python");
  EXPECT_EQ(rules.Classify("OpenAI/JS 4.0"), "openai-node");
  EXPECT_EQ(rules.Classify("claude-cli/1.0 (external)"), "claude-code");
  EXPECT_EQ(rules.Classify("Anthropic/Python 0.3"), "anthropic-python");
  EXPECT_EQ(rules.Classify("curl/8.5.0"), "curl");
  EXPECT_EQ(rules.Classify("python-httpx/0.27"), "httpx");
  EXPECT_EQ(rules.Classify("node-fetch"), "node");
  EXPECT_EQ(rules.Classify("Mozilla/5.0 (X11)"), "browser");
  EXPECT_EQ(rules.Classify("something"), "other");
  // Tools embed the names of SDKs: the tool wins.
  EXPECT_EQ(rules.Classify("Cline/3 OpenAI/JS 4.0"), "cline");
  EXPECT_EQ(rules.Classify("Mozilla/5.0 Cursor/1.0"), "cursor");
}

TEST(ClientType, OperatorRulesComeFirstAndIgnoreCase) {
  const absl::StatusOr<ClientTypeRules> rules =
      ClientTypeRules::Compile({{"^acme-(cli|bot)/", "acme"}, {"python", "snake"}});
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(rules->Classify("ACME-bot/2"), "acme");
  EXPECT_EQ(rules->Classify("OpenAI/Python 1.0"), "snake");
  EXPECT_EQ(rules->Classify("curl/8"), "curl");
  EXPECT_EQ(rules->Classify(""), "unknown");
  EXPECT_FALSE(ClientTypeRules::Compile({{"(", "x"}}).ok());
}

TEST(ClientType, TheCacheAnswersLikeTheRules) {
  const ClientTypeRules rules;
  ClientTypeCache cache(rules);
  for (int i = 0; i < 1000; ++i) {
    const std::string agent = "curl/" + std::to_string(i);
    EXPECT_EQ(cache.Classify(agent), "curl");
    EXPECT_EQ(cache.Classify(agent), "curl");
  }
  EXPECT_EQ(cache.Classify(std::string(2000, 'x')), "other");
}

}  // namespace
}  // namespace aisix::proxy
