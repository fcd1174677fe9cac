#include "gmock/gmock.h"
#include "lib/config/loader/reader.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// A file with one key of each type set to a YAML text.
std::string With(const std::string& block, const std::string& value) {
  return std::string(kMinimal) + block + value + "}\n";
}

TEST(CoercionTest, Booleans) {
  const std::string key = "observability: {access_log: ";
  for (const char* text : {"true", "1", "2", "-1", "0.5", "'1'", "'true'", "On", "YES"}) {
    EXPECT_TRUE(LoadSettings(With(key, text)).observability.access_log) << text;
  }
  for (const char* text : {"false", "0", "0.0", "'0'", "'False'", "off", "No"}) {
    EXPECT_FALSE(LoadSettings(With(key, text)).observability.access_log) << text;
  }
  EXPECT_THAT(LoadError(With(key, "maybe")),
              HasSubstr("deserialize: invalid type: string \"maybe\", expected a boolean for key "
                        "`observability.access_log` in "));
  EXPECT_THAT(LoadError(With(key, "")), HasSubstr("invalid type: unit value, expected a boolean"));
  EXPECT_THAT(LoadError(With(key, "[]")), HasSubstr("invalid type: sequence, expected a boolean"));
}

TEST(CoercionTest, UnsignedIntegers) {
  const std::string key = "upstream: {retries: ";
  const std::pair<const char*, uint64_t> good[] = {
      {"7", 7},     {"1.4", 1},   {"1.5", 2},
      {"true", 1},  {"false", 0}, {"'12'", 12},
      {"'on'", 1},  {"'off'", 0}, {"yes", 1},
      {"no", 0},    {"'+3'", 3},  {"9223372036854775807", INT64_MAX},
      {"0x10", 16}, {"0o10", 8},  {"'18446744073709551615'", UINT64_MAX},
  };
  for (const auto& [text, number] : good) {
    EXPECT_EQ(LoadSettings(With(key, text)).upstream.retries, number) << text;
  }
  EXPECT_THAT(LoadError(With(key, "-1")),
              HasSubstr("deserialize: invalid type: 64-bit integer `-1`, expected an unsigned 64 bit or less "
                        "integer for key `upstream.retries` in "));
  for (const char* text : {"-1.5", "'x'", "''", "'1.5'", "[1]", "{a: 1}", ".inf", ".nan", "1e30"}) {
    EXPECT_THAT(LoadError(With(key, text)), HasSubstr("expected an unsigned 64 bit or less integer")) << text;
  }
  EXPECT_THAT(LoadError(kMinimal, {{"AISIX_UPSTREAM__RETRIES", "-1"}}),
              EndsWith("for key `upstream.retries` in the environment"));
}

TEST(CoercionTest, SignedIntegers) {
  const std::string key = "cache: {redis: {url: 'redis://h', database: ";
  EXPECT_EQ(LoadSettings(With(key, "-3}")).cache_redis->database, -3);
  EXPECT_EQ(LoadSettings(With(key, "'4'}")).cache_redis->database, 4);
  EXPECT_EQ(LoadSettings(With(key, "-1.6}")).cache_redis->database, -2);
  EXPECT_THAT(LoadError(With(key, "x}")), HasSubstr("expected a signed 64 bit or less integer"));
}

TEST(CoercionTest, Floats) {
  const std::string key = "observability: {tracing: {otlp: {sample_ratio: ";
  EXPECT_EQ(LoadSettings(With(key, "1}}")).observability.tracing_otlp_sample_ratio, 1.0);
  EXPECT_EQ(LoadSettings(With(key, "0.25}}")).observability.tracing_otlp_sample_ratio, 0.25);
  EXPECT_EQ(LoadSettings(With(key, "'0.5'}}")).observability.tracing_otlp_sample_ratio, 0.5);
  EXPECT_THAT(LoadError(With(key, "half}}")), HasSubstr("string \"half\", expected a floating point"));
}

TEST(CoercionTest, Strings) {
  const std::string key = "observability: {service_name: ";
  const std::pair<const char*, const char*> good[] = {{"x", "x"},       {"12", "12"},    {"1.50", "1.5"},
                                                      {"true", "true"}, {"1e3", "1000"}, {"'001'", "001"},
                                                      {"''", ""}};
  for (const auto& [text, read] : good) {
    EXPECT_EQ(LoadSettings(With(key, text)).observability.service_name, read);
  }
  EXPECT_THAT(LoadError(With(key, "~")), HasSubstr("invalid type: unit value, expected a string for key "
                                                   "`observability.service_name`"));
  EXPECT_THAT(LoadError(With(key, "{a: 1}")), HasSubstr("invalid type: map, expected a string"));
}

TEST(CoercionTest, NullIsAbsentWhereAbsenceIsAValue) {
  Settings settings = LoadSettings(std::string(kMinimal) +
                                   "upstream: {pool_max_idle_per_host: ~}\n"
                                   "bedrock_endpoint_url: ~\n"
                                   "managed: {snapshot_cache_path: ~, cp_base_url: null}\n"
                                   "cache: {redis: ~}\nratelimit: {redis: }\n");
  EXPECT_FALSE(settings.upstream.pool_max_idle_per_host.has_value());
  EXPECT_FALSE(settings.managed.snapshot_cache_path.has_value());
  EXPECT_FALSE(settings.cache_redis.has_value());
  EXPECT_FALSE(
      LoadSettings("etcd: {endpoints: ['a:1'], user: ~, tls: ~}\nproxy: {addr: '127.0.0.1:1', tls: ~, "
                   "workers: ~}\nadmin: {enabled: false, tls: }\nresources_file: ~\n")
          .etcd->user.has_value());
}

TEST(CoercionTest, EnumsIgnoreCase) {
  EXPECT_EQ(LoadSettings(std::string(kMinimal) + "cache: {backend: MEMORY}").cache_backend, "memory");
  EXPECT_EQ(LoadSettings(std::string(kMinimal) + "isolation: Best_Effort").isolation, "best_effort");
  const std::pair<const char*, const char*> bad[] = {
      {"cache: {backend: disk}", "enum CacheBackend does not have variant constructor disk"},
      {"ratelimit: {backend: disk}", "enum RateLimitBackend does not have variant constructor disk"},
      {"cache: {redis: {mode: x}}", "enum RedisMode does not have variant constructor x"},
      {"isolation: none", "enum Isolation does not have variant constructor none"},
      {"cache: {backend: 1}", "expected enum CacheBackend for key `cache.backend`"},
  };
  for (const auto& [text, message] : bad) {
    EXPECT_THAT(LoadError(std::string(kMinimal) + text), HasSubstr(message));
  }
}

TEST(CoercionTest, ListsOfStringsTakeSequencesOnly) {
  EXPECT_THAT(LoadError("etcd: {endpoints: 'http://a:1'}\nproxy: {addr: x}"),
              HasSubstr("invalid type: string \"http://a:1\", expected a sequence for key `etcd.endpoints`"));
  Settings settings = LoadSettings(
      "etcd: {endpoints: [1, true, a]}\nproxy: {addr: '127.0.0.1:1'}\nadmin: "
      "{enabled: false}");
  EXPECT_EQ(settings.etcd->endpoints, (std::vector<std::string>{"1", "true", "a"}));
  EXPECT_THAT(LoadError("etcd: {endpoints: [[]]}\nproxy: {addr: x}"),
              HasSubstr("invalid type: sequence, expected a string for key `etcd.endpoints[0]`"));
}

TEST(CoercionTest, BlocksTakeTablesOnly) {
  const std::pair<const char*, const char*> blocks[] = {
      {"etcd", "EtcdConfig"},
      {"proxy", "ProxyConfig"},
      {"admin", "AdminConfig"},
      {"cache", "CacheConfig"},
      {"ratelimit", "RateLimitConfig"},
      {"upstream", "UpstreamConfig"},
      {"downstream", "DownstreamConfig"},
      {"shutdown", "ShutdownConfig"},
      {"managed", "ManagedConfig"},
      {"observability", "ObservabilityConfig"},
      {"egress", "EgressConfig"},
  };
  for (const auto& [key, name] : blocks) {
    std::string base = std::string(key) == "proxy" ? "" : "proxy: {addr: '127.0.0.1:1'}\n";
    EXPECT_THAT(LoadError(base + key + ":\n"),
                HasSubstr(std::string("invalid type: unit value, expected struct ") + name))
        << key;
    EXPECT_THAT(LoadError(base + key + ": 5\n"),
                HasSubstr(std::string("64-bit integer `5`, expected struct ") + name))
        << key;
  }
  EXPECT_THAT(
      LoadError(std::string(kMinimal) + "upstream: {tls: }"),
      HasSubstr("invalid type: unit value, expected struct UpstreamTlsConfig for key `upstream.tls`"));
}

TEST(CoercionTest, SecretsAreNotShown) {
  const char* texts[] = {
      "admin: {admin_keys: sesame}",
      "admin: {admin_keys: {sesame: 1}}",
      "cache: {redis: 'redis://:sesame@h'}",
      "cache: {redis: {nodes: 'redis://:sesame@h'}}",
      "ratelimit: {redis: {sentinels: 'sesame'}}",
      "managed: {cp_key_pem: [sesame]}",
      "cache: {redis: {database: sesame}}",
  };
  for (const char* text : texts) {
    std::string error = LoadError(std::string("proxy: {addr: '127.0.0.1:1'}\n") + text);
    EXPECT_EQ(error.find("sesame"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace aisix::config
