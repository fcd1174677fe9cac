#include "lib/config/loader/environment.h"

#include "gmock/gmock.h"
#include "lib/config/loader/scalar.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(EnvironmentTest, GuessesTypesInOrder) {
  const std::pair<const char*, const char*> cases[] = {
      {"true", "boolean `true`"},
      {"FALSE", "boolean `false`"},
      {"00123", "64-bit integer `123`"},
      {"-7", "64-bit integer `-7`"},
      {"1e5", "floating point `100000`"},
      {"nan", "floating point `NaN`"},
      {"inf", "floating point `inf`"},
      {"99999999999999999999", "floating point `100000000000000000000`"},
      {"a,b", "string \"a,b\""},
      {"", "string \"\""},
      {" 1", "string \" 1\""},
      {"yes", "string \"yes\""},
  };
  for (const auto& [text, described] : cases) {
    Value value = GuessType("cache.redis.password", text);
    EXPECT_EQ(Describe(value), described);
    EXPECT_EQ(value.origin, "the environment");
  }
}

class ListPathTest : public testing::TestWithParam<const char*> {};

TEST_P(ListPathTest, SplitsAtCommasWithoutTrimming) {
  Value list = GuessType(GetParam(), "a, b,");
  ASSERT_TRUE(list.is_list());
  ASSERT_EQ(list.elements.size(), 3u);
  EXPECT_EQ(list.elements[1].text, " b");
  EXPECT_EQ(list.elements[2].text, "");
  EXPECT_EQ(GuessType(GetParam(), "").elements.size(), 1u);
  // Earlier guesses win.
  EXPECT_FALSE(GuessType(GetParam(), "12345").is_list());
  EXPECT_FALSE(GuessType(GetParam(), "true").is_list());
}

INSTANTIATE_TEST_SUITE_P(All, ListPathTest,
                         testing::Values("etcd.endpoints", "admin.admin_keys",
                                         "proxy.real_ip.trusted_proxies", "proxy.request_id.accept_headers",
                                         "observability.metrics.buckets.request_e2e_latency",
                                         "observability.metrics.buckets.request_ttft",
                                         "observability.metrics.buckets.guardrail_latency",
                                         "observability.metrics.buckets.a2a_ttfb", "cache.redis.nodes",
                                         "cache.redis.sentinels", "ratelimit.redis.nodes",
                                         "ratelimit.redis.sentinels", "egress.deny_cidrs",
                                         "egress.redis_networks"));

TEST(EnvironmentTest, SetsAtThePathAndReplaces) {
  Value root = Value::Table("file");
  root.At("proxy") = Value::Table("file");
  root.At("proxy").At("addr") = Value::String("old", "file");
  root.At("proxy").At("kept") = Value::Integer(1, "file");
  root.At("cache") = Value::String("was a text", "file");
  ASSERT_TRUE(ApplyEnvironment({{"AISIX_PROXY__ADDR", "new"},
                                {"aisix_resources_file", "r"},
                                {"Aisix_Cache__Redis__Url", "u"},
                                {"AISIX_A___B", "odd"},
                                {"OTHER", "x"},
                                {"XAISIX_Y", "x"}},
                               root)
                  .ok());
  EXPECT_EQ(root.Find("proxy")->Find("addr")->text, "new");
  EXPECT_EQ(root.Find("proxy")->Find("kept")->integer, 1);
  EXPECT_EQ(root.Find("resources_file")->text, "r");
  EXPECT_EQ(root.Find("cache")->Find("redis")->Find("url")->text, "u");
  EXPECT_EQ(root.Find("a")->Find("_b")->text, "odd");
  EXPECT_EQ(root.members.size(), 4u);
}

TEST(EnvironmentTest, EnvironmentWinsOverFileAndFileOverDefault) {
  std::string file = std::string(kMinimal) + "upstream: {timeout_ms: 1, retries: 5}\n";
  Settings settings = LoadSettings(file, {{"AISIX_UPSTREAM__TIMEOUT_MS", "2"}});
  EXPECT_EQ(settings.upstream.timeout_ms, 2u);
  EXPECT_EQ(settings.upstream.retries, 5u);
  EXPECT_EQ(settings.upstream.connect_timeout_ms, 5000u);
}

TEST(EnvironmentTest, ListsReplaceLists) {
  Settings settings = LoadSettings(
      "etcd: {endpoints: ['http://a:1', 'http://b:1']}\nproxy: {addr: '127.0.0.1:1'}\nadmin: "
      "{enabled: false}",
      {{"AISIX_ETCD__ENDPOINTS", "http://c:1"}});
  EXPECT_THAT(settings.etcd->endpoints, ElementsAre("http://c:1"));
}

TEST(EnvironmentTest, OneLineFileAndTheRestFromTheEnvironment) {
  Settings settings =
      LoadSettings("upstream: {retries: 1}", {{"AISIX_ETCD__ENDPOINTS", "http://a:1,http://b:1"},
                                              {"AISIX_PROXY__ADDR", "0.0.0.0:3000"},
                                              {"AISIX_ADMIN__ADDR", "127.0.0.1:3001"},
                                              {"AISIX_ADMIN__ADMIN_KEYS", "k1,k2"}});
  EXPECT_THAT(settings.etcd->endpoints, ElementsAre("http://a:1", "http://b:1"));
  EXPECT_THAT(settings.admin.admin_keys, ElementsAre("k1", "k2"));
  EXPECT_EQ(settings.admin.addr, "127.0.0.1:3001");
}

TEST(EnvironmentTest, AnythingThatIsNoKeyFails) {
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_FOO", "1"}}),
              HasSubstr("unknown field `foo`, expected one of `etcd`"));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__FOO", "1"}}),
              HasSubstr("unknown field `foo`, expected one of `addr`"));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__", "1"}}), HasSubstr("unknown field ``"));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_", "1"}}), HasSubstr("unknown field ``"));
}

TEST(EnvironmentTest, DocumentedVariablesAreExempt) {
  Settings settings = LoadSettings(kMinimal, {{"AISIX_CONFIG", "c.yaml"},
                                              {"AISIX_CONFIG_PATH", "c.yaml"},
                                              {"AISIX_DP_BUDGET_STALE_MAX_SECONDS", "60"}});
  EXPECT_EQ(settings.budget_stale_max_seconds, 60u);
  settings = LoadSettings(kMinimal, {{"AISIX_DP_BUDGET_STALE_MAX_SECONDS", "soon"}});
  EXPECT_EQ(settings.budget_stale_max_seconds, 600u);
}

TEST(EnvironmentTest, ANumberIsNoListAndTheKeyIsNotShown) {
  std::string error = LoadError("proxy: {addr: '127.0.0.1:1'}", {{"AISIX_ADMIN__ADMIN_KEYS", "987654321"}});
  EXPECT_THAT(error, EndsWith("deserialize: invalid type: integer `***`, expected a sequence for key "
                              "`admin.admin_keys` in the environment"));
  error = LoadError(kMinimal, {{"AISIX_OBSERVABILITY__METRICS__BUCKETS__REQUEST_TTFT", "0.5"}});
  EXPECT_THAT(error, HasSubstr("invalid type: floating point `0.5`, expected a sequence for key "
                               "`observability.metrics.buckets.request_ttft`"));
}

TEST(EnvironmentTest, BucketsFromText) {
  Settings settings =
      LoadSettings(kMinimal, {{"AISIX_OBSERVABILITY__METRICS__BUCKETS__REQUEST_TTFT", "0.5,1,2e1"}});
  EXPECT_THAT(settings.observability.buckets.request_ttft, ElementsAre(0.5, 1, 20));
}

TEST(EnvironmentTest, EdgeCasesOfTheTypeGuess) {
  Environment redis = {{"AISIX_CACHE__REDIS__URL", "redis://h"}};
  for (auto [text, read] : {std::pair{"00123", "123"}, std::pair{"TRUE", "true"}, std::pair{"1e3", "1000"},
                            std::pair{"a,b", "a,b"}, std::pair{"", ""}}) {
    redis["AISIX_CACHE__REDIS__PASSWORD"] = text;
    EXPECT_EQ(LoadSettings(kMinimal, redis).cache_redis->password, read);
  }
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__REQUEST_ID__ACCEPT_HEADERS", ""}}),
              HasSubstr("proxy.request_id.accept_headers rejects \"\""));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__REAL_IP__TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"}}),
              EndsWith("proxy.real_ip.trusted_proxies invalid CIDR/IP:  127.0.0.1"));
  EXPECT_THAT(
      LoadSettings(kMinimal, {{"AISIX_PROXY__REQUEST_ID__ACCEPT_HEADERS", "X-A, x-b"}}).proxy.accept_headers,
      ElementsAre("x-a", "x-b"));
}

TEST(EnvironmentTest, ListsOfObjectsAreJson) {
  Settings settings = LoadSettings(
      kMinimal,
      {{"AISIX_PROXY__URL_REWRITES", R"([{"match":"^/a$","rewrite":"/b"}])"},
       {"AISIX_OBSERVABILITY__METRICS__CLIENT_TYPE_RULES", R"([{"pattern":"curl","client":"curl"}])"}});
  ASSERT_EQ(settings.proxy.url_rewrites.size(), 1u);
  EXPECT_EQ(settings.proxy.url_rewrites[0].match, "^/a$");
  ASSERT_EQ(settings.observability.client_type_rules.size(), 1u);
  EXPECT_EQ(settings.observability.client_type_rules[0].client, "curl");
  EXPECT_TRUE(LoadSettings(kMinimal, {{"AISIX_PROXY__URL_REWRITES", "  "}}).proxy.url_rewrites.empty());
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__URL_REWRITES", "[{"}}),
              HasSubstr("deserialize: url_rewrites JSON string: parse error"));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_OBSERVABILITY__METRICS__CLIENT_TYPE_RULES", "x"}}),
              HasSubstr("deserialize: client_type_rules JSON string: parse error"));
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_PROXY__URL_REWRITES", "{}"}}), HasSubstr("expected a sequence"));
}

TEST(EnvironmentTest, JsonTextInsideTheFile) {
  Settings settings = LoadSettings(
      "resources_file: r\nadmin: {enabled: false}\nproxy:\n  addr: 127.0.0.1:1\n  url_rewrites: "
      "'[{\"name\":\"n\",\"match\":\"^/a\",\"rewrite\":\"/b\"}]'\n");
  ASSERT_EQ(settings.proxy.url_rewrites.size(), 1u);
  EXPECT_EQ(settings.proxy.url_rewrites[0].name, "n");
}

TEST(EnvironmentTest, NotUtf8IsNamedWithoutItsValue) {
  std::string error = LoadError(kMinimal, {{"AISIX_CACHE__REDIS__PASSWORD", "sesame\xff"}});
  EXPECT_THAT(error, HasSubstr("environment variable \"AISIX_CACHE__REDIS__PASSWORD\" is not valid UTF-8"));
  EXPECT_EQ(error.find("sesame"), std::string::npos);
}

TEST(EnvironmentTest, NoInterpolationInTheStartUpFile) {
  Settings settings = LoadSettings(
      "resources_file: '${HOME}/r'\nproxy: {addr: '127.0.0.1:1'}\nadmin: "
      "{enabled: false}",
      {{"HOME", "/root"}});
  EXPECT_EQ(settings.resources_file, "${HOME}/r");
}

}  // namespace
}  // namespace aisix::config
