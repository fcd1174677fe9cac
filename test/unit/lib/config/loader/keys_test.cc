// Every key of the start-up configuration: its default, that it is read, and the refusal of keys beside it.
#include "gmock/gmock.h"
#include "lib/config/loader/settings.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDeserialize[] = "config load failed: failed to load configuration: deserialize: ";

TEST(KeysTest, Defaults) {
  Settings settings = LoadSettings(kMinimal);
  EXPECT_FALSE(settings.etcd.has_value());
  const ProxySettings& proxy = settings.proxy;
  EXPECT_EQ(proxy.request_body_limit_bytes, 0u);
  EXPECT_FALSE(proxy.tls.has_value());
  EXPECT_THAT(proxy.trusted_proxies, IsEmpty());
  EXPECT_FALSE(proxy.real_ip_recursive);
  EXPECT_EQ(proxy.real_ip_header, "x-forwarded-for");
  EXPECT_THAT(proxy.accept_headers, ElementsAre("x-aisix-request-id"));
  EXPECT_TRUE(proxy.thread_per_core);
  EXPECT_FALSE(proxy.workers.has_value());
  EXPECT_THAT(proxy.url_rewrites, IsEmpty());
  EXPECT_THAT(proxy.listeners, IsEmpty());
  EXPECT_EQ(settings.admin.addr, "127.0.0.1:0");
  EXPECT_TRUE(AdminSettings().enabled);
  EXPECT_FALSE(settings.admin.read_only);
  EXPECT_FALSE(settings.admin.socket.has_value());
  EXPECT_EQ(settings.cache_backend, "memory");
  EXPECT_FALSE(settings.cache_redis.has_value());
  EXPECT_EQ(settings.ratelimit_backend, "memory");
  EXPECT_EQ(settings.concurrency_ttl_secs, 300u);
  EXPECT_EQ(settings.upstream.timeout_ms, 6000000u);
  EXPECT_EQ(settings.upstream.stream_timeout_ms, 0u);
  EXPECT_EQ(settings.upstream.connect_timeout_ms, 5000u);
  EXPECT_EQ(settings.upstream.tcp_keepalive_secs, 60u);
  EXPECT_EQ(settings.upstream.tcp_keepalive_interval_secs, 30u);
  EXPECT_EQ(settings.upstream.tcp_keepalive_retries, 5u);
  EXPECT_EQ(settings.upstream.pool_idle_timeout_secs, 30u);
  EXPECT_FALSE(settings.upstream.pool_max_idle_per_host.has_value());
  EXPECT_EQ(settings.upstream.retries, 2u);
  EXPECT_TRUE(settings.upstream.tls.verify);
  EXPECT_EQ(settings.downstream_idle_timeout_secs, 0u);
  EXPECT_EQ(settings.sse_keepalive_interval_secs, 15u);
  EXPECT_EQ(settings.min_drain_secs, 30u);
  EXPECT_EQ(settings.bedrock_endpoint_url, "");
  EXPECT_FALSE(settings.managed.enabled);
  EXPECT_EQ(settings.managed.mtls_dir, "/var/lib/aisix/mtls");
  EXPECT_EQ(settings.managed.dp_id_file, "/var/lib/aisix/dp_id");
  EXPECT_EQ(settings.managed.heartbeat_interval_secs, 15u);
  EXPECT_EQ(settings.isolation, "enforce");
  EXPECT_FALSE(settings.egress.deny_cidrs.has_value());
  EXPECT_THAT(settings.egress.redis_networks, IsEmpty());
}

// The reference loses the defaults of a block that is absent; they hold either way here.
TEST(KeysTest, ObservabilityDefaultsWithAndWithoutTheBlock) {
  for (const char* block :
       {"", "observability: {}\n", "observability: {metrics: {}, tracing: {otlp: {}}}\n"}) {
    ObservabilitySettings settings = LoadSettings(std::string(kMinimal) + block).observability;
    EXPECT_EQ(settings.service_name, "aisix");
    EXPECT_EQ(settings.log_level, "info");
    EXPECT_TRUE(settings.access_log);
    EXPECT_TRUE(settings.prometheus_enabled);
    EXPECT_EQ(settings.prometheus_path, "/metrics");
    EXPECT_EQ(settings.prometheus_addr, "0.0.0.0:9090");
    EXPECT_FALSE(settings.metrics_otlp_enabled);
    EXPECT_FALSE(settings.tracing_otlp_enabled);
    EXPECT_EQ(settings.tracing_otlp_sample_ratio, 1.0);
    EXPECT_THAT(settings.client_type_rules, IsEmpty());
    EXPECT_THAT(settings.buckets.request_e2e_latency, ElementsAre(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                                  2, 5, 10, 30, 60, 120, 300, 420, 600));
    EXPECT_THAT(settings.buckets.request_ttft,
                ElementsAre(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300));
    EXPECT_THAT(settings.buckets.guardrail_latency,
                ElementsAre(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30));
    EXPECT_EQ(settings.buckets.a2a_ttfb, settings.buckets.request_ttft);
  }
}

TEST(KeysTest, EveryKeyIsRead) {
  auto root = ReadSettings([] {
    Value root = Value::Table("t");
    const std::pair<const char*, const char*> keys[] = {
        {"etcd.prefix", "/p"},
        {"etcd.env_id", "e"},
        {"etcd.user", "u"},
        {"etcd.password_env", "P"},
        {"etcd.dial_timeout_ms", "1"},
        {"etcd.request_timeout_ms", "2"},
        {"etcd.tls.ca_cert_file", "ca"},
        {"etcd.tls.client_cert_file", "cc"},
        {"etcd.tls.client_key_file", "ck"},
        {"etcd.tls.domain_name", "dn"},
        {"etcd.endpoints", "a:1"},
        {"resources_file", "r"},
        {"proxy.addr", "x"},
        {"proxy.request_body_limit_bytes", "3"},
        {"proxy.tls.cert_file", "pc"},
        {"proxy.tls.key_file", "pk"},
        {"proxy.real_ip.trusted_proxies", "10.0.0.1"},
        {"proxy.real_ip.recursive", "true"},
        {"proxy.real_ip.header", "h"},
        {"proxy.request_id.accept_headers", "q"},
        {"proxy.thread_per_core", "false"},
        {"proxy.workers", "4"},
        {"proxy.url_rewrites", R"([{"name":"n","match":"m","rewrite":"w"}])"},
        {"proxy.listeners", R"([{"addr":"l","tls":{"cert_file":"lc","key_file":"lk"}},{"addr":"l2"}])"},
        {"admin.enabled", "false"},
        {"admin.addr", "aa"},
        {"admin.admin_keys", "k1,k2"},
        {"admin.tls.cert_file", "ac"},
        {"admin.tls.key_file", "ak"},
        {"admin.read_only", "true"},
        {"admin.socket", "/s"},
        {"observability.service_name", "sn"},
        {"observability.log_level", "debug"},
        {"observability.access_log", "false"},
        {"observability.metrics.prometheus.enabled", "false"},
        {"observability.metrics.prometheus.path", "mp"},
        {"observability.metrics.prometheus.addr", "pa"},
        {"observability.metrics.otlp.enabled", "true"},
        {"observability.metrics.otlp.endpoint", "oe"},
        {"observability.metrics.client_type_rules", R"([{"pattern":"p","client":"c"}])"},
        {"observability.metrics.buckets.request_e2e_latency", "1,2"},
        {"observability.metrics.buckets.request_ttft", "3,4"},
        {"observability.metrics.buckets.guardrail_latency", "5,6"},
        {"observability.metrics.buckets.a2a_ttfb", "7,8"},
        {"observability.tracing.otlp.enabled", "true"},
        {"observability.tracing.otlp.endpoint", "te"},
        {"observability.tracing.otlp.sample_ratio", "0.5"},
        {"cache.backend", "redis"},
        {"cache.redis.mode", "cluster"},
        {"cache.redis.url", "ru"},
        {"cache.redis.nodes", "n1,n2"},
        {"cache.redis.sentinels", "s1,s2"},
        {"cache.redis.master_name", "mn"},
        {"cache.redis.username", "un"},
        {"cache.redis.password", "pw"},
        {"cache.redis.database", "5"},
        {"cache.redis.tls.ca_file", "rca"},
        {"cache.redis.tls.client_cert_file", "rcc"},
        {"cache.redis.tls.client_key_file", "rck"},
        {"cache.redis.tls.verify", "false"},
        {"ratelimit.backend", "redis"},
        {"ratelimit.redis.url", "rlu"},
        {"ratelimit.concurrency_ttl_secs", "6"},
        {"upstream.timeout_ms", "11"},
        {"upstream.stream_timeout_ms", "12"},
        {"upstream.connect_timeout_ms", "13"},
        {"upstream.tcp_keepalive_secs", "14"},
        {"upstream.tcp_keepalive_interval_secs", "15"},
        {"upstream.tcp_keepalive_retries", "16"},
        {"upstream.pool_idle_timeout_secs", "17"},
        {"upstream.pool_max_idle_per_host", "18"},
        {"upstream.retries", "19"},
        {"upstream.tls.ca_file", "uca"},
        {"upstream.tls.client_cert_file", "ucc"},
        {"upstream.tls.client_key_file", "uck"},
        {"upstream.tls.verify", "false"},
        {"downstream.idle_timeout_secs", "21"},
        {"downstream.sse_keepalive_interval_secs", "22"},
        {"shutdown.min_drain_secs", "23"},
        {"bedrock_endpoint_url", "b"},
        {"managed.enabled", "true"},
        {"managed.cp_base_url", "m1"},
        {"managed.cp_etcd_endpoint", "m2"},
        {"managed.cp_ca_cert_file", "m3"},
        {"managed.cp_cert_pem", "m4"},
        {"managed.cp_key_pem", "m5"},
        {"managed.cp_ca_pem", "m6"},
        {"managed.cp_cert_file", "m7"},
        {"managed.cp_key_file", "m8"},
        {"managed.cp_ca_file", "m9"},
        {"managed.mtls_dir", "m10"},
        {"managed.dp_id_file", "m11"},
        {"managed.snapshot_cache_path", "m12"},
        {"managed.heartbeat_interval_secs", "24"},
        {"isolation", "best_effort"},
        {"egress.deny_cidrs", "d1,d2"},
        {"egress.redis_networks", "d3"},
    };
    Environment environment;
    for (const auto& [key, text] : keys) {
      std::string name = "AISIX_";
      for (char c : std::string(key)) name += c == '.' ? std::string("__") : std::string(1, c);
      environment[name] = text;
    }
    EXPECT_TRUE(ApplyEnvironment(environment, root).ok());
    return root;
  }());
  ASSERT_TRUE(root.ok()) << root.status();
  const Settings& s = *root;
  EXPECT_THAT(s.etcd->endpoints, ElementsAre("a:1"));
  EXPECT_EQ(s.etcd->prefix + s.etcd->env_id + *s.etcd->user + *s.etcd->password_env, "/peuP");
  EXPECT_EQ(s.etcd->dial_timeout_ms, 1u);
  EXPECT_EQ(s.etcd->request_timeout_ms, 2u);
  EXPECT_EQ(s.etcd->tls->ca_cert_file + s.etcd->tls->client_cert_file + s.etcd->tls->client_key_file +
                *s.etcd->tls->domain_name,
            "caccckdn");
  EXPECT_EQ(s.resources_file, "r");
  EXPECT_EQ(s.proxy.addr, "x");
  EXPECT_EQ(s.proxy.request_body_limit_bytes, 3u);
  EXPECT_EQ(s.proxy.tls->cert_file + s.proxy.tls->key_file, "pcpk");
  EXPECT_THAT(s.proxy.trusted_proxies, ElementsAre("10.0.0.1"));
  EXPECT_TRUE(s.proxy.real_ip_recursive);
  EXPECT_EQ(s.proxy.real_ip_header, "h");
  EXPECT_THAT(s.proxy.accept_headers, ElementsAre("q"));
  EXPECT_FALSE(s.proxy.thread_per_core);
  EXPECT_EQ(s.proxy.workers, 4u);
  ASSERT_EQ(s.proxy.url_rewrites.size(), 1u);
  EXPECT_EQ(s.proxy.url_rewrites[0].name + s.proxy.url_rewrites[0].match + s.proxy.url_rewrites[0].rewrite,
            "nmw");
  ASSERT_EQ(s.proxy.listeners.size(), 2u);
  EXPECT_EQ(
      s.proxy.listeners[0].addr + s.proxy.listeners[0].tls->cert_file + s.proxy.listeners[0].tls->key_file,
      "llclk");
  EXPECT_FALSE(s.proxy.listeners[1].tls.has_value());
  EXPECT_FALSE(s.admin.enabled);
  EXPECT_EQ(s.admin.addr, "aa");
  EXPECT_THAT(s.admin.admin_keys, ElementsAre("k1", "k2"));
  EXPECT_EQ(s.admin.tls->cert_file + s.admin.tls->key_file, "acak");
  EXPECT_TRUE(s.admin.read_only);
  EXPECT_EQ(s.admin.socket, "/s");
  const ObservabilitySettings& o = s.observability;
  EXPECT_EQ(o.service_name + o.log_level + o.prometheus_path + o.prometheus_addr, "sndebugmppa");
  EXPECT_FALSE(o.access_log || o.prometheus_enabled);
  EXPECT_TRUE(o.metrics_otlp_enabled && o.tracing_otlp_enabled);
  EXPECT_EQ(*o.metrics_otlp_endpoint + *o.tracing_otlp_endpoint, "oete");
  EXPECT_EQ(o.tracing_otlp_sample_ratio, 0.5);
  ASSERT_EQ(o.client_type_rules.size(), 1u);
  EXPECT_EQ(o.client_type_rules[0].pattern + o.client_type_rules[0].client, "pc");
  EXPECT_THAT(o.buckets.request_e2e_latency, ElementsAre(1, 2));
  EXPECT_THAT(o.buckets.request_ttft, ElementsAre(3, 4));
  EXPECT_THAT(o.buckets.guardrail_latency, ElementsAre(5, 6));
  EXPECT_THAT(o.buckets.a2a_ttfb, ElementsAre(7, 8));
  EXPECT_EQ(s.cache_backend + s.ratelimit_backend, "redisredis");
  const RedisPart& r = *s.cache_redis;
  EXPECT_EQ(r.mode + r.url + r.master_name + r.username + r.password, "clusterrumnunpw");
  EXPECT_THAT(r.nodes, ElementsAre("n1", "n2"));
  EXPECT_THAT(r.sentinels, ElementsAre("s1", "s2"));
  EXPECT_EQ(r.database, 5);
  EXPECT_EQ(r.tls.ca_file + r.tls.client_cert_file + r.tls.client_key_file, "rcarccrck");
  EXPECT_FALSE(r.tls.verify);
  EXPECT_EQ(s.ratelimit_redis->url, "rlu");
  EXPECT_EQ(s.concurrency_ttl_secs, 6u);
  const UpstreamPart& u = s.upstream;
  EXPECT_EQ(u.timeout_ms, 11u);
  EXPECT_EQ(u.stream_timeout_ms, 12u);
  EXPECT_EQ(u.connect_timeout_ms, 13u);
  EXPECT_EQ(u.tcp_keepalive_secs, 14u);
  EXPECT_EQ(u.tcp_keepalive_interval_secs, 15u);
  EXPECT_EQ(u.tcp_keepalive_retries, 16u);
  EXPECT_EQ(u.pool_idle_timeout_secs, 17u);
  EXPECT_EQ(u.pool_max_idle_per_host, 18u);
  EXPECT_EQ(u.retries, 19u);
  EXPECT_EQ(u.tls.ca_file + u.tls.client_cert_file + u.tls.client_key_file, "ucauccuck");
  EXPECT_FALSE(u.tls.verify);
  EXPECT_EQ(s.downstream_idle_timeout_secs, 21u);
  EXPECT_EQ(s.sse_keepalive_interval_secs, 22u);
  EXPECT_EQ(s.min_drain_secs, 23u);
  EXPECT_EQ(s.bedrock_endpoint_url, "b");
  const ManagedSettings& m = s.managed;
  EXPECT_TRUE(m.enabled);
  EXPECT_EQ(*m.cp_base_url + *m.cp_etcd_endpoint + *m.cp_ca_cert_file, "m1m2m3");
  EXPECT_EQ(*m.cp_cert_pem + *m.cp_key_pem + *m.cp_ca_pem, "m4m5m6");
  EXPECT_EQ(*m.cp_cert_file + *m.cp_key_file + *m.cp_ca_file, "m7m8m9");
  EXPECT_EQ(m.mtls_dir + m.dp_id_file + *m.snapshot_cache_path, "m10m11m12");
  EXPECT_EQ(m.heartbeat_interval_secs, 24u);
  EXPECT_EQ(s.isolation, "best_effort");
  EXPECT_THAT(*s.egress.deny_cidrs, ElementsAre("d1", "d2"));
  EXPECT_THAT(s.egress.redis_networks, ElementsAre("d3"));
}

struct BlockCase {
  const char* text;      // with an unknown key in one block
  const char* expected;  // the known keys in order
};

class UnknownKeyTest : public testing::TestWithParam<BlockCase> {};

TEST_P(UnknownKeyTest, IsRefusedWithTheKnownOnes) {
  std::string base = std::string(GetParam().text).find("proxy:") == std::string::npos
                         ? "proxy: {addr: '127.0.0.1:1'}\n"
                         : "";
  EXPECT_EQ(LoadError(base + GetParam().text),
            kDeserialize + std::string("unknown field `zzz`, expected ") + GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Blocks, UnknownKeyTest,
    testing::Values(
        BlockCase{"zzz: 1",
                  "one of `etcd`, `resources_file`, `proxy`, `admin`, `observability`, `cache`, `ratelimit`, "
                  "`upstream`, `downstream`, `shutdown`, `managed`, `bedrock_endpoint_url`, `isolation`, "
                  "`egress`"},
        BlockCase{"etcd: {zzz: 1}",
                  "one of `endpoints`, `prefix`, `env_id`, `user`, `password_env`, `dial_timeout_ms`, "
                  "`request_timeout_ms`, `tls`"},
        BlockCase{"etcd: {endpoints: [], tls: {zzz: 1}}",
                  "one of `ca_cert_file`, `client_cert_file`, `client_key_file`, `domain_name`"},
        BlockCase{"proxy: {zzz: 1}",
                  "one of `addr`, `request_body_limit_bytes`, `tls`, `real_ip`, `request_id`, "
                  "`thread_per_core`, `workers`, `url_rewrites`, `listeners`"},
        BlockCase{"proxy: {tls: {zzz: 1}}", "`cert_file` or `key_file`"},
        BlockCase{"proxy: {real_ip: {zzz: 1}}", "one of `trusted_proxies`, `recursive`, `header`"},
        BlockCase{"proxy: {request_id: {zzz: 1}}", "`accept_headers`"},
        BlockCase{"proxy: {url_rewrites: [{zzz: 1}]}", "one of `name`, `match`, `rewrite`"},
        BlockCase{"proxy: {listeners: [{zzz: 1}]}", "`addr` or `tls`"},
        BlockCase{"admin: {zzz: 1}", "one of `enabled`, `addr`, `admin_keys`, `tls`, `read_only`, `socket`"},
        BlockCase{"admin: {tls: {zzz: 1}}", "`cert_file` or `key_file`"},
        BlockCase{"observability: {zzz: 1}",
                  "one of `service_name`, `log_level`, `access_log`, `metrics`, `tracing`"},
        BlockCase{"observability: {metrics: {zzz: 1}}",
                  "one of `prometheus`, `otlp`, `client_type_rules`, `buckets`"},
        BlockCase{"observability: {metrics: {prometheus: {zzz: 1}}}", "one of `enabled`, `path`, `addr`"},
        BlockCase{"observability: {metrics: {otlp: {zzz: 1}}}", "`enabled` or `endpoint`"},
        BlockCase{"observability: {metrics: {client_type_rules: [{zzz: 1}]}}", "`pattern` or `client`"},
        BlockCase{"observability: {metrics: {buckets: {zzz: 1}}}",
                  "one of `request_e2e_latency`, `request_ttft`, `guardrail_latency`, `a2a_ttfb`"},
        BlockCase{"observability: {tracing: {zzz: 1}}", "`otlp`"},
        BlockCase{"observability: {tracing: {otlp: {zzz: 1}}}",
                  "one of `enabled`, `endpoint`, `sample_ratio`"},
        BlockCase{"cache: {zzz: 1}", "`backend` or `redis`"},
        BlockCase{"cache: {redis: {zzz: 1}}",
                  "one of `mode`, `url`, `nodes`, `sentinels`, `master_name`, `username`, `password`, "
                  "`database`, `tls`"},
        BlockCase{"cache: {redis: {tls: {zzz: 1}}}",
                  "one of `ca_file`, `client_cert_file`, `client_key_file`, `verify`"},
        BlockCase{"ratelimit: {zzz: 1}", "one of `backend`, `redis`, `concurrency_ttl_secs`"},
        BlockCase{"upstream: {zzz: 1}",
                  "one of `timeout_ms`, `stream_timeout_ms`, `connect_timeout_ms`, `tcp_keepalive_secs`, "
                  "`tcp_keepalive_interval_secs`, `tcp_keepalive_retries`, `pool_idle_timeout_secs`, "
                  "`pool_max_idle_per_host`, `retries`, `tls`"},
        BlockCase{"upstream: {tls: {zzz: 1}}",
                  "one of `ca_file`, `client_cert_file`, `client_key_file`, `verify`"},
        BlockCase{"downstream: {zzz: 1}", "`idle_timeout_secs` or `sse_keepalive_interval_secs`"},
        BlockCase{"shutdown: {zzz: 1}", "`min_drain_secs`"},
        BlockCase{"managed: {zzz: 1}",
                  "one of `enabled`, `cp_base_url`, `cp_etcd_endpoint`, `cp_ca_cert_file`, `cp_cert_pem`, "
                  "`cp_key_pem`, `cp_ca_pem`, `cp_cert_file`, `cp_key_file`, `cp_ca_file`, `mtls_dir`, "
                  "`dp_id_file`, `snapshot_cache_path`, `heartbeat_interval_secs`"},
        BlockCase{"egress: {zzz: 1}", "`deny_cidrs` or `redis_networks`"}));

TEST(KeysTest, MandatoryKeysAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"admin: {enabled: false}", "proxy"},
      {"proxy: {}", "addr"},
      {"proxy: {addr: x}\netcd: {}", "endpoints"},
      {"proxy: {addr: x}\netcd: {endpoints: [], tls: {}}", "ca_cert_file"},
      {"proxy: {addr: x}\netcd: {endpoints: [], tls: {ca_cert_file: a}}", "client_cert_file"},
      {"proxy: {addr: x}\netcd: {endpoints: [], tls: {ca_cert_file: a, client_cert_file: b}}",
       "client_key_file"},
      {"proxy: {addr: x, tls: {key_file: a}}", "cert_file"},
      {"proxy: {addr: x, tls: {cert_file: a}}", "key_file"},
      {"proxy: {addr: x, url_rewrites: [{rewrite: a}]}", "match"},
      {"proxy: {addr: x, url_rewrites: [{match: a}]}", "rewrite"},
      {"proxy: {addr: x, listeners: [{}]}", "addr"},
      {"proxy: {addr: x}\nadmin: {tls: {cert_file: a}}", "key_file"},
      {"proxy: {addr: x}\nobservability: {metrics: {client_type_rules: [{client: a}]}}", "pattern"},
      {"proxy: {addr: x}\nobservability: {metrics: {client_type_rules: [{pattern: a}]}}", "client"},
  };
  for (const auto& [text, key] : cases) {
    EXPECT_EQ(LoadError(text), kDeserialize + std::string("missing field `") + key + "`") << text;
  }
}

TEST(KeysTest, FormerKeysAreUnknown) {
  EXPECT_THAT(LoadError(std::string(kMinimal) + "managed: {registration_token: t}"),
              HasSubstr("unknown field `registration_token`"));
}

TEST(KeysTest, GivenKeysAreThoseWithAValue) {
  auto loaded = LoadText(std::string(kMinimal) + "cache: {redis: ~}\nproxy2: ~\n");
  EXPECT_FALSE(loaded.ok());
  loaded = LoadText(std::string(kMinimal) + "cache: {redis: ~}\nupstream: {retries: 1}\n",
                    {{"AISIX_SHUTDOWN__MIN_DRAIN_SECS", "0"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->given_keys,
              testing::UnorderedElementsAre("resources_file", "proxy.addr", "admin.enabled",
                                            "upstream.retries", "shutdown.min_drain_secs"));
}

}  // namespace
}  // namespace aisix::config
