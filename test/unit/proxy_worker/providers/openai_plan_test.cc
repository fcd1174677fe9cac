#include "proxy_worker/providers/openai_plan.h"

#include <gtest/gtest.h>

#include "proxy_worker/providers/planner.h"

namespace aisix::proxy {
namespace {

class NoSecurity : public net::ClientSecurity {
 public:
  net::TransportPtr Connect(async::Loop&, net::TransportPtr plain, const std::string&,
                            uint16_t) const override {
    return plain;
  }
};

model::ProviderKey Key(std::string base) {
  model::ProviderKey key;
  key.display_name = "main";
  key.provider = "openai";
  key.api_key = "sk-1";
  if (!base.empty()) key.api_base = base;
  return key;
}

OpenAiPlan Plan(const model::ProviderKey& key) {
  return OpenAiPlan("key-1", key, std::make_shared<NoSecurity>());
}

TEST(OpenAiPlanTest, KnowsWhereRequestsGo) {
  const model::ProviderKey key = Key("http://127.0.0.1:8080/base/v1/");
  const OpenAiPlan plan = Plan(key);
  ASSERT_FALSE(plan.refusal());
  EXPECT_EQ(plan.origin().host, "127.0.0.1");
  EXPECT_EQ(plan.origin().port, 8080);
  EXPECT_EQ(plan.origin().host_header, "127.0.0.1:8080");
  EXPECT_EQ(plan.origin().security, nullptr);
  EXPECT_EQ(plan.chat_target(), "/base/v1/chat/completions");
  EXPECT_EQ(plan.chat_url(), "http://127.0.0.1:8080/base/v1/chat/completions");
}

TEST(OpenAiPlanTest, TheDefaultBaseIsOpenAis) {
  const OpenAiPlan plan = Plan(Key(""));
  ASSERT_FALSE(plan.refusal());
  EXPECT_EQ(plan.origin().host_header, "api.openai.com");
  EXPECT_EQ(plan.origin().port, 443);
  EXPECT_NE(plan.origin().security, nullptr);
  EXPECT_EQ(plan.chat_target(), "/v1/chat/completions");
}

TEST(OpenAiPlanTest, WritesItsHeads) {
  const OpenAiPlan plan = Plan(Key(""));
  EXPECT_EQ(plan.chat_headers(false).lines(),
            "authorization: Bearer sk-1\r\ncontent-type: application/json\r\nuser-agent: aisix/0.1\r\n"
            "accept-encoding: gzip\r\naccept: */*\r\n");
  EXPECT_EQ(plan.chat_headers(true).lines(),
            "authorization: Bearer sk-1\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n"
            "user-agent: aisix/0.1\r\naccept-encoding: gzip\r\n");
}

TEST(OpenAiPlanTest, RefusesCredentialsThatAreNone) {
  model::ProviderKey key = Key("http://h/v1");
  key.api_key = "";
  EXPECT_EQ(Plan(key).refusal()->message, "invalid upstream credentials: provider_key.api_key is empty");
  EXPECT_EQ(Plan(key).refusal()->status, 401);
  EXPECT_EQ(Plan(key).refusal()->type, "authentication_error");
  for (const char* bad : {"a\r\nx: y", "sk-\xC3\xBC", "a\x7F"}) {
    key.api_key = bad;
    EXPECT_EQ(Plan(key).refusal()->message,
              "invalid upstream credentials: provider_key.api_key contains invalid header characters");
  }
}

TEST(OpenAiPlanTest, RefusesBasesThatLeadNowhere) {
  model::ProviderKey key = Key("");
  key.provider = "deepseek";
  key.adapter = model::Adapter::kOpenAi;
  EXPECT_EQ(Plan(key).refusal()->status, 400);
  EXPECT_EQ(Plan(key).refusal()->message,
            "invalid upstream configuration: provider_key for vendor \"deepseek\" has no upstream base URL "
            "configured");
  EXPECT_EQ(Plan(Key("not a url")).refusal()->status, 400);
  EXPECT_EQ(OpenAiPlan("k", Key("https://h/v1"), nullptr).refusal()->status, 500)
      << "a credential never travels in plain text because a context is missing";
}

TEST(SelectAdapterTest, VendorsComeBeforeTheAdapter) {
  model::ProviderKey key;
  key.provider = "openai";
  key.adapter = model::Adapter::kBedrock;
  EXPECT_EQ(SelectAdapter(key), model::Adapter::kOpenAi);
  key.provider = "anthropic";
  EXPECT_EQ(SelectAdapter(key), model::Adapter::kAnthropic);
  for (const char* vendor : {"OpenAI", " openai", "groq", ""}) {
    key.provider = vendor;
    EXPECT_EQ(SelectAdapter(key), model::Adapter::kBedrock) << vendor;
  }
  key.adapter = model::Adapter::kNone;
  EXPECT_EQ(SelectAdapter(key), model::Adapter::kNone);
}

TEST(PlannerTest, MakesAPlanForEveryKeyAndAsksForItsTls) {
  const model::UpstreamTls* asked = nullptr;
  const ProviderPlanner planner = MakeProviderPlanner(
      [&](std::string_view id, const model::UpstreamTls* tls) -> std::shared_ptr<const net::ClientSecurity> {
        EXPECT_EQ(id, "key-1");
        asked = tls;
        return std::make_shared<NoSecurity>();
      });
  model::ProviderKey key = Key("https://h/v1");
  key.tls.emplace();
  auto plan = planner("key-1", key);
  EXPECT_EQ(static_cast<const AdapterPlan&>(*plan).adapter(), model::Adapter::kOpenAi);
  EXPECT_EQ(asked, &*key.tls);
  key.provider = "x";
  key.adapter = model::Adapter::kVertex;
  EXPECT_EQ(static_cast<const AdapterPlan&>(*planner("key-1", key)).adapter(), model::Adapter::kVertex);
}

}  // namespace
}  // namespace aisix::proxy
