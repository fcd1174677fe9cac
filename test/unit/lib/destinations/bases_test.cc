#include "lib/destinations/bases.h"

#include <gtest/gtest.h>

namespace aisix::destinations {
namespace {

struct Case {
  const char* provider;
  const char* api_base;
  const char* expected;
};

std::string TextOf(const absl::StatusOr<Endpoint>& endpoint) {
  return endpoint.ok() ? endpoint->base : "error: " + std::string(endpoint.status().message());
}

// spec 05 §8.6, 07 §2.6
TEST(OpenAiBase, Table) {
  const Case cases[] = {
      {"openai", "", "https://api.openai.com/v1"},
      {"", "", "https://api.openai.com/v1"},
      {" OpenAI ", "  ", "https://api.openai.com/v1"},
      {"deepseek", "", "error: provider_key for vendor \"deepseek\" has no upstream base URL configured"},
      {"anthropic", " ", "error: provider_key for vendor \"anthropic\" has no upstream base URL configured"},
      {"openai", "https://api.openai.com", "https://api.openai.com/v1"},
      {"openai", "http://api.openai.com//", "http://api.openai.com/v1"},
      {"openai", "https://api.openai.com/v1/", "https://api.openai.com/v1"},
      {"openai", "https://API.openai.com", "https://API.openai.com"},
      {"deepseek", "https://api.deepseek.com", "https://api.deepseek.com"},
      {"x", " https://gw.corp/shim/v1/chat/completions/ ", "https://gw.corp/shim/v1"},
      {"x", "https://gw.corp/v1//chat/completions", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/completions", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/embeddings", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/images/generations", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/audio/transcriptions", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/audio/translations", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/audio/speech", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v1/embeddings/embeddings", "https://gw.corp/v1/embeddings"},
      {"x", "https://gw.corp/v1/responses", "https://gw.corp/v1/responses"},
      {"x", "https://qianfan.example/v2", "https://qianfan.example/v2"},
      {"x", "https://h/api/paas/v4", "https://h/api/paas/v4"},
      {"x", "https://h/v1beta/openai", "https://h/v1beta/openai"},
      {"x", "http://127.0.0.1:9/chat/completions", "http://127.0.0.1:9"},
      {"x", "gw.corp/v1", "error: api_base is not a valid URL: relative URL without a base"},
      {"x", "ws://gw.corp/v1", "error: api_base is not a valid URL: the scheme must be http or https"},
      {"x", "https://gw.corp:99999/v1", "error: api_base is not a valid URL: invalid port number"},
  };
  for (const Case& c : cases) EXPECT_EQ(TextOf(OpenAiBase(c.provider, c.api_base)), c.expected) << c.api_base;
}

TEST(AnthropicBase, Table) {
  const Case cases[] = {
      {"anthropic", "", "https://api.anthropic.com"},
      {"", "", "https://api.anthropic.com"},
      {"openai", "", "error: provider_key for vendor \"openai\" has no upstream base URL configured"},
      {"anthropic", "https://api.anthropic.com/", "https://api.anthropic.com"},
      {"anthropic", "https://api.anthropic.com/v1", "https://api.anthropic.com"},
      {"anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com"},
      {"x", "https://relay.corp/anthropic", "https://relay.corp/anthropic"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(TextOf(AnthropicBase(c.provider, c.api_base)), c.expected) << c.api_base;
}

TEST(DirectOpenAiBase, Table) {
  const Case cases[] = {
      {"openai", "", "https://api.openai.com/v1"},
      {" OPENAI", "", "https://api.openai.com/v1"},
      {"", "", "error: provider_key \"pk\" has no api_base configured"},
      {"anthropic", "", "error: provider_key \"pk\" has no api_base configured"},
      {"openai", "https://api.openai.com", "https://api.openai.com/v1"},
      {"x", "https://api.deepseek.com", "https://api.deepseek.com/v1"},
      {"x", "https://gw.corp/shim/v1/chat/completions/", "https://gw.corp/shim/v1"},
      {"x", "https://qianfan.example/v2", "https://qianfan.example/v2"},
      {"x", "https://gw.corp/responses", "https://gw.corp/v1"},
      {"x", "https://gw.corp/v3/messages", "https://gw.corp/v3"},
      {"x", "https://gw.corp/v3/rerank", "https://gw.corp/v3"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TextOf(DirectOpenAiBase(c.provider, c.api_base, "pk")), c.expected) << c.api_base;
  }
}

TEST(DirectAnthropicBase, Table) {
  const Case cases[] = {
      {"openai", "", "https://api.openai.com"},
      {"anthropic", "", "error: provider_key \"pk\" has no api_base configured"},
      {"anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com"},
      {"x", "https://relay.corp/anthropic", "https://relay.corp/anthropic"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TextOf(DirectAnthropicBase(c.provider, c.api_base, "pk")), c.expected) << c.api_base;
  }
}

TEST(RerankBase, Table) {
  const Case cases[] = {
      {"openai", "", "https://api.openai.com/v1"},     {"cohere", "", "https://api.cohere.com/v1"},
      {"jina", "", "https://api.jina.ai/v1"},          {"cohere", "https://c.corp/v2/", "https://c.corp/v2"},
      {"jina", "https://j.corp", "https://j.corp/v1"},
  };
  for (const Case& c : cases) EXPECT_EQ(TextOf(RerankBase(c.provider, c.api_base)), c.expected) << c.api_base;
  EXPECT_FALSE(RerankBase("other", "").ok());
}

TEST(AzureBase, Table) {
  const Case cases[] = {
      {"", "https://res.openai.azure.com/openai/deployments/x?",
       "error: azure api_base must not contain '@', '?' or '#'"},
      {"", "http://res.openai.azure.com/openai", "https://res.openai.azure.com"},
      {"", "my_res-1", "https://my_res-1.openai.azure.com"},
      {"", "my.res", "error: azure resource name must match [A-Za-z0-9_-]+"},
      {"", "https://a.b.openai.azure.com", "error: azure resource name must match [A-Za-z0-9_-]+"},
      {"", "https://x.cognitiveservices.azure.com/pre/", "https://x.cognitiveservices.azure.com/pre"},
      {"", "https://u@x.corp", "error: azure api_base must not contain '@', '?' or '#'"},
      {"", "  ", "error: azure provider_key has no api_base configured"},
  };
  for (const Case& c : cases) EXPECT_EQ(TextOf(AzureBase(c.api_base)), c.expected) << c.api_base;
}

TEST(RegionalBases, Table) {
  EXPECT_EQ(TextOf(BedrockBase("us-west-2", "")), "https://bedrock-runtime.us-west-2.amazonaws.com");
  EXPECT_EQ(TextOf(BedrockBase("", "https://vpce.corp/x/")), "https://vpce.corp/x");
  EXPECT_FALSE(BedrockBase(" ", "").ok());
  EXPECT_FALSE(BedrockBase("evil.com/", "").ok());
  EXPECT_EQ(TextOf(VertexBase("us-central1", "")), "https://us-central1-aiplatform.googleapis.com");
  EXPECT_EQ(TextOf(VertexBase("global", "https://aiplatform.googleapis.com/")),
            "https://aiplatform.googleapis.com");
  EXPECT_FALSE(VertexBase("x", "https://aiplatform.googleapis.com/v1").ok());
  EXPECT_FALSE(VertexBase("x", "https://u@aiplatform.googleapis.com").ok());
  EXPECT_FALSE(VertexBase("a..b", "").ok());
}

}  // namespace
}  // namespace aisix::destinations
