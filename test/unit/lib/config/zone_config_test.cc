#include "lib/config/zone_config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace aisix::config {
namespace {

using ::testing::HasSubstr;

CommonPart SomeCommon() {
  CommonPart common;
  common.version = "1.2.3";
  common.log_level = "debug,h2=off";
  common.isolation_enforce = false;
  return common;
}

TlsMaterial SomeTls() {
  TlsMaterial tls;
  tls.ca_file = "upstream.tls.ca_file";
  tls.client_cert_file = "upstream.tls.client_cert_file";
  tls.client_key_file = "upstream.tls.client_key_file";
  tls.verify = false;
  return tls;
}

RedisPart SomeRedis() {
  RedisPart redis;
  redis.mode = "sentinel";
  redis.url = "rediss://u:p@h:1/2";
  redis.nodes = {"a:1", "b:2"};
  redis.sentinels = {"c:3"};
  redis.master_name = "m";
  redis.username = "user";
  redis.password = "p\"\\ä\n";
  redis.database = -3;
  redis.tls = SomeTls();
  return redis;
}

UpstreamPart SomeUpstream() {
  UpstreamPart upstream;
  upstream.timeout_ms = UINT64_MAX;
  upstream.stream_timeout_ms = 2;
  upstream.connect_timeout_ms = 3;
  upstream.tcp_keepalive_secs = 4;
  upstream.tcp_keepalive_interval_secs = 5;
  upstream.tcp_keepalive_retries = 6;
  upstream.pool_idle_timeout_secs = 7;
  upstream.pool_max_idle_per_host = 8;
  upstream.retries = 9;
  upstream.tls = SomeTls();
  return upstream;
}

// Everything set to something else than its default: what the codec forgot would come back as the default,
// and the second text would differ.
TEST(ZoneConfigTest, SupervisorPartComesBackWhole) {
  SupervisorPart part;
  part.common = SomeCommon();
  part.listeners = {{"proxy", "[::1]:3000", true}, {"admin", "127.0.0.1:1", false}};
  part.files = {{"proxy", "proxy.tls.cert_file", "/etc/c.pem", false}};
  part.thread_per_core = false;
  part.proxy_workers = 17;
  part.min_drain_secs = 0;
  part.reload_on_sighup = true;
  part.admin_socket = "/run/s";
  part.service_name = "edge";
  auto decoded = DecodeSupervisorPart(Encode(part));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encode(*decoded), Encode(part));
  EXPECT_EQ(decoded->listeners[0].address, "[::1]:3000");
  EXPECT_TRUE(decoded->listeners[0].tls);
  EXPECT_EQ(decoded->files[0].path, "/etc/c.pem");
  EXPECT_FALSE(decoded->files[0].required);
  EXPECT_EQ(decoded->proxy_workers, 17u);
  EXPECT_TRUE(decoded->reload_on_sighup);
  EXPECT_FALSE(decoded->common.isolation_enforce);
}

TEST(ZoneConfigTest, ProxyPartComesBackWhole) {
  ProxyPart part;
  part.common = SomeCommon();
  part.listeners = {{"proxy", "0.0.0.0:3000", false}};
  part.workers = 3;
  part.thread_per_core = false;
  part.request_body_limit_bytes = 1;
  part.trusted_proxies = {"10.0.0.0/8"};
  part.real_ip_recursive = true;
  part.real_ip_header = "x-real-ip";
  part.request_id_accept_headers = {};
  part.url_rewrites = {{"n", "^/a", "/b"}};
  part.upstream = SomeUpstream();
  part.downstream_idle_timeout_secs = 2;
  part.sse_keepalive_interval_secs = 0;
  part.buckets = {{0.1, 1}, {0.25}, {3}, {4, 5}};
  part.client_type_rules = {{"p", "c"}};
  part.env_id = "e";
  part.ratelimit_backend = "redis";
  part.concurrency_ttl_secs = 1;
  part.ratelimit_redis = SomeRedis();
  part.cache_redis = SomeRedis();
  part.bedrock_endpoint_url = "http://b";
  part.managed = true;
  auto decoded = DecodeProxyPart(Encode(part));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encode(*decoded), Encode(part));
  EXPECT_EQ(decoded->upstream.timeout_ms, UINT64_MAX);
  EXPECT_EQ(decoded->upstream.pool_max_idle_per_host, 8u);
  EXPECT_EQ(decoded->ratelimit_redis->password, "p\"\\ä\n");
  EXPECT_EQ(decoded->ratelimit_redis->database, -3);
  EXPECT_EQ(decoded->buckets.request_ttft, std::vector<double>{0.25});
  EXPECT_TRUE(decoded->request_id_accept_headers.empty());
  EXPECT_FALSE(decoded->upstream.tls.verify);
}

TEST(ZoneConfigTest, AdminPartComesBackWhole) {
  AdminPart part;
  part.common = SomeCommon();
  part.listener = ListenerSpec{"admin", "127.0.0.1:3001", true};
  part.admin_keys = {"k1", "k2"};
  part.read_only = true;
  part.socket = "/run/s";
  part.resources_file = "r.yaml";
  part.etcd.endpoints = {"http://e:1"};
  part.etcd.prefix = "/p";
  part.etcd.env_id = "env";
  part.etcd.user = "u";
  part.etcd.password_env = "P";
  part.etcd.dial_timeout_ms = 1;
  part.etcd.request_timeout_ms = 2;
  part.etcd.tls = true;
  part.etcd.tls_domain_name = "d";
  part.managed.enabled = true;
  part.managed.cp_base_url = "https://cp";
  part.managed.cp_etcd_endpoint = "cp:1";
  part.managed.cp_cert_pem = "c";
  part.managed.cp_key_pem = "k";
  part.managed.cp_ca_pem = "a";
  part.managed.mtls_dir = "/m";
  part.managed.dp_id_file = "/d";
  part.managed.heartbeat_interval_secs = 5;
  part.managed.budget_stale_max_seconds = 6;
  part.snapshot_cache_path = "/c";
  part.upstream = SomeUpstream();
  part.static_destinations = {"h:1"};
  auto decoded = DecodeAdminPart(Encode(part));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encode(*decoded), Encode(part));
  EXPECT_EQ(decoded->admin_keys, part.admin_keys);
  EXPECT_EQ(decoded->etcd.endpoints, part.etcd.endpoints);
  EXPECT_EQ(decoded->managed.cp_key_pem, "k");
  EXPECT_EQ(decoded->static_destinations, part.static_destinations);
  EXPECT_EQ(decoded->managed.budget_stale_max_seconds, 6u);
}

TEST(ZoneConfigTest, MetricsAndEgressPartsComeBackWhole) {
  MetricsPart metrics;
  metrics.common = SomeCommon();
  metrics.path = "/m";
  auto without = DecodeMetricsPart(Encode(metrics));
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_FALSE(without->listener.has_value());
  metrics.listener = ListenerSpec{"metrics", "0.0.0.0:9090", false};
  auto with = DecodeMetricsPart(Encode(metrics));
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->listener->address, "0.0.0.0:9090");
  EXPECT_EQ(with->path, "/m");

  EgressPart egress;
  egress.common = SomeCommon();
  egress.deny_cidrs = {"169.254.0.0/16"};
  egress.redis_networks = {"10.0.0.0/8"};
  egress.own_endpoints = {"0.0.0.0:3000"};
  egress.connect_timeout_ms = 1;
  egress.tcp_keepalive_secs = 2;
  egress.tcp_keepalive_interval_secs = 3;
  egress.tcp_keepalive_retries = 4;
  auto decoded = DecodeEgressPart(Encode(egress));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encode(*decoded), Encode(egress));
  EXPECT_EQ(decoded->deny_cidrs, egress.deny_cidrs);
  EXPECT_EQ(decoded->own_endpoints, egress.own_endpoints);
  EXPECT_EQ(decoded->tcp_keepalive_retries, 4u);
}

TEST(ZoneConfigTest, TextThatIsNotAPartIsRefused) {
  for (const char* text : {"", "x", "[]", "{}", "null", "{\"part\":\"egress\"}", "{\"part\":3}"}) {
    EXPECT_FALSE(DecodeEgressPart(text).ok()) << text;
  }
  std::string good = Encode(EgressPart{});
  EXPECT_FALSE(DecodeEgressPart(good.substr(0, good.size() - 1)).ok());
  std::string more = "{\"surplus\":1," + good.substr(1);
  EXPECT_FALSE(DecodeEgressPart(more).ok());
}

TEST(ZoneConfigTest, PartOfAnotherZoneIsRefused) {
  auto decoded = DecodeEgressPart(Encode(MetricsPart{}));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("egress"));
}

TEST(ZoneConfigTest, MembersOfAnotherTypeAreRefused) {
  std::string good = Encode(EgressPart{});
  auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    return text;
  };
  EXPECT_TRUE(DecodeEgressPart(with("\"connect_timeout_ms\":5000", "\"connect_timeout_ms\":1")).ok());
  EXPECT_FALSE(DecodeEgressPart(with("\"connect_timeout_ms\":5000", "\"connect_timeout_ms\":-1")).ok());
  EXPECT_FALSE(DecodeEgressPart(with("\"connect_timeout_ms\":5000", "\"connect_timeout_ms\":\"1\"")).ok());
  EXPECT_FALSE(DecodeEgressPart(with("\"deny_cidrs\":[]", "\"deny_cidrs\":[1]")).ok());
  EXPECT_FALSE(DecodeEgressPart(with("\"deny_cidrs\":[]", "\"deny_cidrs\":null")).ok());
}

TEST(ZoneConfigTest, ASmallNumberDoesNotWrap) {
  std::string text = Encode(ProxyPart{});
  size_t at = text.find("\"workers\":1");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 11, "\"workers\":4294967297");
  EXPECT_FALSE(DecodeProxyPart(text).ok());
}

}  // namespace
}  // namespace aisix::config
