#include "lib/destinations/provider_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::destinations {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DestinationsOf, OpenAiFamily) {
  EXPECT_THAT(DestinationsOf({"openai", "", "", "sk"}), ElementsAre("api.openai.com:443"));
  EXPECT_THAT(DestinationsOf({"openai", "vertex", "", "sk"}), ElementsAre("api.openai.com:443"));
  EXPECT_THAT(DestinationsOf({"mock", "openai", "http://127.0.0.1:8000/v1", "sk"}),
              ElementsAre("127.0.0.1:8000"));
  EXPECT_THAT(DestinationsOf({"mock", "openai", "HTTPS://Api.Example.com:443/v1", "sk"}),
              ElementsAre("api.example.com:443"));
  EXPECT_THAT(DestinationsOf({"deepseek", "openai", "", "sk"}), IsEmpty());
  EXPECT_THAT(DestinationsOf({"deepseek", "", "https://api.deepseek.com", "sk"}), IsEmpty());
  EXPECT_THAT(DestinationsOf({"x", "openai", "not a url", "sk"}), IsEmpty());
}

TEST(DestinationsOf, Anthropic) {
  EXPECT_THAT(DestinationsOf({"anthropic", "", "", "sk"}), ElementsAre("api.anthropic.com:443"));
  EXPECT_THAT(DestinationsOf({"x", "anthropic", "https://relay.corp/a/v1", "sk"}),
              ElementsAre("relay.corp:443"));
}

TEST(DestinationsOf, CredentialsNameTokenEndpoints) {
  EXPECT_THAT(DestinationsOf({"azure", "azure-openai", "res", "key"}),
              ElementsAre("res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf({"azure", "azure-openai", "res", R"({"tenant_id":"t"})"}),
              ElementsAre("login.microsoftonline.com:443", "res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf({"azure", "azure-openai", "res", R"({"authority_host":"https://login.us"})"}),
              ElementsAre("login.us:443", "res.openai.azure.com:443"));
  EXPECT_THAT(DestinationsOf({"aws", "bedrock", "", R"({"region":"eu-west-1"})"}),
              ElementsAre("bedrock-runtime.eu-west-1.amazonaws.com:443"));
  EXPECT_THAT(
      DestinationsOf(
          {"gcp", "vertex", "",
           R"({"region":"us-central1","service_account_json":{"token_uri":"https://oauth2.googleapis.com/token"}})"}),
      ElementsAre("oauth2.googleapis.com:443", "us-central1-aiplatform.googleapis.com:443"));
  EXPECT_THAT(DestinationsOf({"aws", "bedrock", "", "not json"}), IsEmpty());
  EXPECT_THAT(DestinationsOf({"aws", "bedrock", "", R"({"region":7})"}), IsEmpty());
}

}  // namespace
}  // namespace aisix::destinations
