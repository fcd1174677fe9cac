// Whatever URL a provider builds, egress was told that its requests may go there: the same functions decide.
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/destinations/bases.h"
#include "lib/destinations/provider_key.h"
#include "lib/url/url.h"
#include "proxy_worker/providers/openai_plan.h"
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

struct Row {
  const char* provider;
  model::Adapter adapter;
  const char* api_base;  // empty: absent
};

const Row kRows[] = {
    {"openai", model::Adapter::kNone, ""},
    {"openai", model::Adapter::kVertex, ""},
    {"openai", model::Adapter::kNone, "https://api.openai.com"},
    {"OpenAI", model::Adapter::kOpenAi, ""},
    {" openai ", model::Adapter::kOpenAi, ""},
    {"", model::Adapter::kOpenAi, ""},
    {"deepseek", model::Adapter::kOpenAi, ""},
    {"deepseek", model::Adapter::kOpenAi, "https://api.deepseek.com"},
    {"deepseek", model::Adapter::kOpenAi, "  HTTPS://API.DeepSeek.com:443/v1/chat/completions//  "},
    {"mock", model::Adapter::kOpenAi, "http://127.0.0.1:8080/v1"},
    {"mock", model::Adapter::kOpenAi, "http://[0:0:0:0:0:0:0:1]/v1/"},
    {"mock", model::Adapter::kOpenAi, "http://h.example:8080?query=pasted"},
    {"mock", model::Adapter::kOpenAi, "http://h.example:8080/v1?a=b#fragment"},
    {"mock", model::Adapter::kOpenAi, "http://user:password@h.example/v1"},
    {"mock", model::Adapter::kOpenAi, "http://other.example:80@h.example/v1"},
    {"mock", model::Adapter::kOpenAi, "http://2130706433/v1"},
    {"mock", model::Adapter::kOpenAi, "ftp://h.example/v1"},
    {"mock", model::Adapter::kOpenAi, "not a URL"},
    {"mock", model::Adapter::kOpenAi, "http://h.example:0/v1"},
    {"mock", model::Adapter::kNone, "http://h.example/v1"},
};

model::ProviderKey KeyOf(const Row& row) {
  model::ProviderKey key;
  key.display_name = "key";
  key.provider = row.provider;
  key.adapter = row.adapter;
  key.api_key = "sk-1";
  if (*row.api_base != '\0') key.api_base = row.api_base;
  return key;
}

TEST(Destinations, EveryUrlThatAProviderBuildsIsListed) {
  const ProviderPlanner planner = MakeProviderPlanner(
      [](std::string_view, const model::UpstreamTls*) { return std::make_shared<NoSecurity>(); });
  int usable = 0;
  for (const Row& row : kRows) {
    const model::ProviderKey key = KeyOf(row);
    const std::unique_ptr<const ProviderPlan> plan = planner("id", key);
    const auto* openai = dynamic_cast<const OpenAiPlan*>(plan.get());
    if (openai == nullptr || openai->refusal()) continue;
    ++usable;
    const std::string destination = url::Canonical({openai->origin().host, openai->origin().port});
    const std::vector<std::string> listed = destinations::DestinationsOf(key);
    EXPECT_EQ(std::count(listed.begin(), listed.end(), destination), 1)
        << destination << " for " << row.provider << " " << row.api_base;
  }
  EXPECT_EQ(usable, 14);
}

TEST(Destinations, AKeyThatCannotBeUsedLeadsNowhere) {
  for (const char* base :
       {"http://2130706433/v1", "ftp://h.example/v1", "not a URL", "http://h.example:0/v1"}) {
    EXPECT_TRUE(destinations::DestinationsOf(KeyOf({"mock", model::Adapter::kOpenAi, base})).empty()) << base;
  }
}

// The rule that picks the adapter is written for the planner and for the list.
TEST(Destinations, BothPickTheSameAdapter) {
  for (const char* provider : {"openai", "OpenAI", "anthropic", "Anthropic", "azure", ""}) {
    for (const model::Adapter adapter :
         {model::Adapter::kNone, model::Adapter::kOpenAi, model::Adapter::kAnthropic,
          model::Adapter::kBedrock, model::Adapter::kVertex, model::Adapter::kAzureOpenAi}) {
      const model::ProviderKey key = KeyOf({provider, adapter, ""});
      EXPECT_EQ(WireFamilyName(SelectAdapter(key)),
                destinations::AdapterOf(provider, model::AdapterSlug(adapter)))
          << provider << " " << static_cast<int>(adapter);
    }
  }
}

}  // namespace
}  // namespace aisix::proxy
