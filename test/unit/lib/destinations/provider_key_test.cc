#include "lib/destinations/provider_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/destinations/bases.h"

namespace aisix::destinations {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DestinationsOf, OpenAiFamily) {
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"openai", "", "", "sk"}), ElementsAre("api.openai.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"openai", "vertex", "", "sk"}),
              ElementsAre("api.openai.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"mock", "openai", "http://127.0.0.1:8000/v1", "sk"}),
              ElementsAre("127.0.0.1:8000"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"mock", "openai", "HTTPS://Api.Example.com:443/v1", "sk"}),
              ElementsAre("api.example.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"deepseek", "openai", "", "sk"}), IsEmpty());
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"deepseek", "", "https://api.deepseek.com", "sk"}), IsEmpty());
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"x", "openai", "not a url", "sk"}), IsEmpty());
}

TEST(DestinationsOf, Anthropic) {
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"anthropic", "", "", "sk"}),
              ElementsAre("api.anthropic.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"x", "anthropic", "https://relay.corp/a/v1", "sk"}),
              ElementsAre("relay.corp:443"));
}

TEST(DestinationsOf, CredentialsNameTokenEndpoints) {
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"azure", "azure-openai", "res", "key"}),
              ElementsAre("res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"azure", "azure-openai", "res", R"({"tenant_id":"t"})"}),
              ElementsAre("login.microsoftonline.com:443", "res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"azure", "azure-openai", "res",
                                              R"({"authority_host":"https://login.us"})"}),
              ElementsAre("login.us:443", "res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"aws", "bedrock", "", R"({"region":"eu-west-1"})"}),
              ElementsAre("bedrock-runtime.eu-west-1.amazonaws.com:443"));
  EXPECT_THAT(
      DestinationsOf(ProviderKeyFacts{
          "gcp", "vertex", "",
          R"({"region":"us-central1","service_account_json":{"token_uri":"https://oauth2.googleapis.com/token"}})"}),
      ElementsAre("oauth2.googleapis.com:443", "us-central1-aiplatform.googleapis.com:443"));
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"aws", "bedrock", "", "not json"}), IsEmpty());
  EXPECT_THAT(DestinationsOf(ProviderKeyFacts{"aws", "bedrock", "", R"({"region":7})"}), IsEmpty());
}

// The base functions, which requests are built from, and the list.
TEST(DestinationsOf, CoversEveryBaseOfItsAdapter) {
  struct Row {
    const char* provider;
    const char* adapter;
    const char* api_base;
    const char* credential;
  };
  const Row rows[] = {
      {"openai", "", "", "sk"},
      {"x", "openai", "https://h.example:8443/v1/embeddings", "sk"},
      {"x", "openai", "https://h.example/v1/responses", "sk"},
      {"anthropic", "", "", "sk"},
      {"x", "anthropic", "https://h.example/v1/messages", "sk"},
      {"x", "azure-openai", "resource-1", "sk"},
      {"x", "azure-openai", "https://Resource.openai.azure.com/path", R"({"tenant_id":"t"})"},
      {"x", "azure-openai", "https://gateway.example/azure", "sk"},
      {"x", "bedrock", "", R"({"region":"eu-west-1"})"},
      {"x", "bedrock", "http://127.0.0.1:4566", R"({"region":"eu-west-1"})"},
      {"x", "vertex", "", R"({"region":"europe-west4"})"},
      {"x", "vertex", "https://vertex.example", "{}"},
  };
  for (const Row& row : rows) {
    const std::string_view adapter = AdapterOf(row.provider, row.adapter);
    const std::string_view region =
        std::string_view(row.credential).find("eu-west-1") != std::string_view::npos ? "eu-west-1"
                                                                                     : "europe-west4";
    std::vector<absl::StatusOr<Endpoint>> bases;
    if (adapter == "openai") {
      bases = {OpenAiBase(row.provider, row.api_base), DirectOpenAiBase(row.provider, row.api_base, "n")};
    } else if (adapter == "anthropic") {
      bases = {AnthropicBase(row.provider, row.api_base)};
    } else if (adapter == "azure-openai") {
      bases = {AzureBase(row.api_base)};
    } else if (adapter == "bedrock") {
      bases = {BedrockBase(region, row.api_base)};
    } else {
      bases = {VertexBase(region, row.api_base)};
    }
    const std::vector<std::string> listed =
        DestinationsOf(ProviderKeyFacts{row.provider, row.adapter, row.api_base, row.credential});
    for (const absl::StatusOr<Endpoint>& base : bases) {
      ASSERT_TRUE(base.ok()) << base.status();
      EXPECT_THAT(listed, testing::Contains(url::Canonical(base->host_port()))) << base->base;
    }
  }
}

}  // namespace
}  // namespace aisix::destinations
