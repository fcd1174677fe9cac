#include "lib/model/provider_key.h"

#include <gtest/gtest.h>

namespace aisix::model {
namespace {

TEST(ProviderKey, Defaults) {
  const auto key = ParseProviderKey(R"({"display_name":"a","api_key":"k"})");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->provider, "");
  EXPECT_EQ(key->adapter, Adapter::kNone);
  EXPECT_FALSE(key->api_base);
  EXPECT_FALSE(key->telemetry_tags.featured);
  EXPECT_EQ(key->strip_headers,
            (std::vector<std::string>{"authorization", "cookie", "set-cookie", "x-api-key"}));
  EXPECT_FALSE(key->tls);
}

TEST(ProviderKey, EveryField) {
  const auto key = ParseProviderKey(R"({
    "display_name":"a","secret":"k","api_base":"http://x","provider":"deepseek","adapter":"azure-openai",
    "telemetry_tags":{"kind":"byo","featured":true,"branded_provider":"b","pk_label":"p","byo_label":"l"},
    "request":{"param_renames":{"max_tokens":"max_completion_tokens"},
      "param_constraints":{"temperature_max":1,"temperature_min":0.5},
      "default_headers":{"b":"2","a":"1"},"forward_client_headers":["x-*"],
      "default_body_fields":{"n":1,"o":{"b":[1,2.5,"x"]}}},
    "response":{"stream_done_marker":"optional","content_list_to_string":true,"error_envelope":"e",
      "reasoning_field":"delta.r"},
    "strip_headers":[" X-A ","x-a","","Y"],
    "tls":{"ca_cert":"PEM","verify":false}})");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->api_key, "k");
  EXPECT_EQ(key->api_base, "http://x");
  EXPECT_EQ(key->adapter, Adapter::kAzureOpenAi);
  EXPECT_EQ(AdapterSlug(key->adapter), "azure-openai");
  EXPECT_EQ(key->telemetry_tags.kind, "byo");
  EXPECT_TRUE(key->telemetry_tags.featured);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(key->request.param_renames, (Pairs{{"max_tokens", "max_completion_tokens"}}));
  EXPECT_EQ(key->request.temperature_max, 1.0);
  EXPECT_EQ(key->request.temperature_min, 0.5);
  EXPECT_EQ(key->request.default_headers, (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(key->request.default_body_fields, (Pairs{{"n", "1"}, {"o", R"({"b":[1,2.5,"x"]})"}}));
  EXPECT_EQ(key->response.stream_done_marker, StreamDoneMarker::kOptional);
  EXPECT_TRUE(key->response.content_list_to_string);
  EXPECT_EQ(key->response.reasoning_field, "delta.r");
  EXPECT_EQ(key->strip_headers, (std::vector<std::string>{"x-a", "y"}));
  EXPECT_EQ(key->tls->ca_cert, "PEM");
  EXPECT_FALSE(key->tls->verify);
}

TEST(ProviderKey, NullsAreAbsent) {
  const auto key = ParseProviderKey(
      R"({"display_name":"a","api_key":"k","api_base":null,"adapter":null,"request":null,"response":null,"tls":null})");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_FALSE(key->api_base);
}

TEST(ProviderKey, ExplicitEmptyStripHeadersStaysEmpty) {
  EXPECT_TRUE(
      ParseProviderKey(R"({"display_name":"a","api_key":"k","strip_headers":[]})")->strip_headers.empty());
}

TEST(ProviderKey, ErrorsNameThePathAndNeverTheValue) {
  const auto both = ParseProviderKey(R"({"display_name":"a","api_key":"k","secret":"s"})");
  EXPECT_EQ(both.status().message(), "duplicate field `api_key`");
  const auto missing = ParseProviderKey(R"({"display_name":"a"})");
  EXPECT_EQ(missing.status().message(), "missing field `api_key`");
  const auto type = ParseProviderKey(R"({"display_name":"a","api_key":"k","tls":{"verify":"hunter2"}})");
  EXPECT_EQ(type.status().message(), "`tls.verify`: invalid type: expected a boolean");
  const auto variant = ParseProviderKey(R"({"display_name":"a","api_key":"k","adapter":"hunter2"})");
  EXPECT_EQ(variant.status().message(), "`adapter`: unknown variant");
  EXPECT_FALSE(ParseProviderKey("{").ok());
  EXPECT_FALSE(ParseProviderKey("[]").ok());
}

}  // namespace
}  // namespace aisix::model
