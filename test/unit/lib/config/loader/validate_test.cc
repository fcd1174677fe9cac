#include "lib/config/loader/validate.h"

#include "gmock/gmock.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;

constexpr char kPrefix[] = "config load failed: failed to load configuration: ";
constexpr char kProxy[] = "proxy: {addr: '127.0.0.1:1'}\n";
constexpr char kNoAdmin[] = "admin: {enabled: false}\n";

// One violation each, with the text behind the common prefix.
struct Violation {
  std::string yaml;
  std::string message;
};

class ViolationTest : public testing::TestWithParam<Violation> {};

TEST_P(ViolationTest, IsReported) {
  EXPECT_EQ(LoadError(GetParam().yaml), kPrefix + GetParam().message);
}

const std::string kFile = std::string("resources_file: r\n") + kNoAdmin;

std::string Redis(const std::string& block) {
  return kFile + kProxy + "ratelimit: {backend: redis, redis: {" + block + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    Sources, ViolationTest,
    testing::Values(
        Violation{std::string("resources_file: ' '\n") + kProxy, "resources_file must not be empty when set"},
        Violation{std::string("resources_file: r\netcd: {endpoints: [a]}\n") + kProxy,
                  "config sets both etcd.endpoints and resources_file — the etcd source and the file source "
                  "are mutually exclusive; remove one"},
        Violation{
            std::string("resources_file: r\nmanaged: {enabled: true}\n") + kProxy,
            "resources_file cannot be combined with managed.enabled = true (managed mode reads resources "
            "from the control plane)"},
        Violation{
            kProxy,
            "etcd.endpoints must contain at least one endpoint (or set resources_file to load resources "
            "from a file)"},
        Violation{
            std::string("etcd: {endpoints: []}\n") + kProxy,
            "etcd.endpoints must contain at least one endpoint (or set resources_file to load resources "
            "from a file)"}));

INSTANTIATE_TEST_SUITE_P(
    Admin, ViolationTest,
    testing::Values(
        Violation{std::string("resources_file: r\n") + kProxy,
                  "admin.admin_keys must contain at least one key (required when managed.enabled is false)"},
        Violation{std::string("resources_file: r\nadmin: {admin_keys: []}\n") + kProxy,
                  "admin.admin_keys must contain at least one key (required when managed.enabled is false)"},
        Violation{std::string("resources_file: r\nadmin: {admin_keys: ['']}\n") + kProxy,
                  "admin.admin_keys must not contain an empty key"},
        Violation{std::string("resources_file: r\nadmin: {admin_keys: [k], addr: ':1'}\n") + kProxy,
                  "admin.addr invalid socket address: :1"},
        Violation{std::string("resources_file: r\nadmin: {enabled: false, socket: run/s}\n") + kProxy,
                  "admin.socket must be an absolute path of at most 107 bytes: run/s"}));

INSTANTIATE_TEST_SUITE_P(
    Proxy, ViolationTest,
    testing::Values(
        Violation{kFile + "proxy: {addr: 'localhost:3000'}",
                  "proxy.addr invalid socket address: localhost:3000"},
        Violation{kFile + "proxy: {addr: ':3000'}", "proxy.addr invalid socket address: :3000"},
        Violation{kFile + "proxy: {addr: '127.0.0.1:1', listeners: [{addr: '127.0.0.1:2'}, {addr: x}]}",
                  "proxy.listeners[1].addr invalid socket address: x"},
        Violation{kFile + "proxy: {addr: '127.0.0.1:1', real_ip: {trusted_proxies: [10.0.0.1, 10.0.0.0/99]}}",
                  "proxy.real_ip.trusted_proxies invalid CIDR/IP: 10.0.0.0/99"},
        Violation{
            kFile + "proxy: {addr: '127.0.0.1:1', workers: 0}",
            "proxy.workers must be at least 1 (omit it to use the parallelism available to the process)"},
        Violation{kFile + "proxy: {addr: '127.0.0.1:1', workers: 1025}",
                  "proxy.workers must be at most 1024"},
        Violation{kFile + "proxy: {addr: '127.0.0.1:1', url_rewrites: [{match: a, rewrite: b}, "
                          "{match: '', rewrite: b}]}",
                  "proxy.url_rewrites[1]: match must not match the empty string"},
        Violation{kFile + kProxy + "observability: {metrics: {prometheus: {enabled: false, addr: x}}}",
                  "observability.metrics.prometheus.addr invalid socket address: x"}));

INSTANTIATE_TEST_SUITE_P(
    Redis, ViolationTest,
    testing::Values(
        Violation{kFile + kProxy + "ratelimit: {backend: redis}",
                  "ratelimit.backend = redis requires a ratelimit.redis block"},
        Violation{Redis(""), "ratelimit.redis.url is required when mode = single"},
        Violation{Redis("url: ' '"), "ratelimit.redis.url is required when mode = single"},
        Violation{Redis("mode: cluster, nodes: ['', ' ']"),
                  "ratelimit.redis.nodes must list at least one node when mode = cluster"},
        Violation{Redis("mode: sentinel"),
                  "ratelimit.redis.sentinels must list at least one sentinel when mode = sentinel"},
        Violation{Redis("mode: sentinel, sentinels: [a]"),
                  "ratelimit.redis.master_name is required when mode = sentinel"},
        Violation{Redis("url: u, tls: {client_cert_file: c}"),
                  "ratelimit.redis.tls.client_cert_file requires ratelimit.redis.tls.client_key_file"},
        Violation{Redis("url: u, tls: {client_key_file: c}"),
                  "ratelimit.redis.tls.client_key_file requires ratelimit.redis.tls.client_cert_file"},
        Violation{kFile + kProxy + "ratelimit: {backend: redis, redis: {url: u}, concurrency_ttl_secs: 0}",
                  "ratelimit.concurrency_ttl_secs must be > 0 for the redis backend"},
        Violation{kFile + kProxy + "cache: {redis: {}}", "cache.redis.url is required when mode = single"},
        Violation{kFile + kProxy + "cache: {redis: {mode: cluster}}",
                  "cache.redis.nodes must list at least one node when mode = cluster"}));

INSTANTIATE_TEST_SUITE_P(
    UpstreamAndEgress, ViolationTest,
    testing::Values(Violation{kFile + kProxy + "upstream: {tls: {client_cert_file: c}}",
                              "upstream.tls.client_cert_file requires upstream.tls.client_key_file"},
                    Violation{kFile + kProxy + "upstream: {tls: {client_key_file: c}}",
                              "upstream.tls.client_key_file requires upstream.tls.client_cert_file"},
                    Violation{kFile + kProxy + "egress: {deny_cidrs: [10.0.0.0/8, x]}",
                              "egress.deny_cidrs invalid CIDR/IP: x"},
                    Violation{kFile + kProxy + "egress: {redis_networks: ['']}",
                              "egress.redis_networks invalid CIDR/IP: "}));

class RejectedHeaderTest : public testing::TestWithParam<const char*> {};

TEST_P(RejectedHeaderTest, IsNamed) {
  std::string yaml = kFile + "proxy: {addr: '127.0.0.1:1', request_id: {accept_headers: [x-ok, '" +
                     std::string(GetParam()) + "']}}";
  EXPECT_EQ(LoadError(yaml),
            kPrefix + std::string("proxy.request_id.accept_headers rejects \"") + GetParam() +
                "\": not a valid HTTP header name, or a reserved header a request id must never be read from "
                "(authorization, x-api-key, x-goog-api-key, api-key, x-amz-security-token, x-amz-date, "
                "x-amz-content-sha256, proxy-authorization, cookie, host)");
}

INSTANTIATE_TEST_SUITE_P(All, RejectedHeaderTest,
                         testing::Values("", "a b", "a:b", "é", "traceparent", "TraceState", "Authorization",
                                         "x-api-key", "x-goog-api-key", "api-key", "x-amz-security-token",
                                         "X-Amz-Date", "x-amz-content-sha256", "proxy-authorization",
                                         " Cookie ", "HOST"));

// Violates everything; then mends in the order of the report, one step at a time.
TEST(ValidateTest, FirstFailureInTheDocumentedOrder) {
  Settings settings;
  settings.proxy.url_rewrites = {{"rule", "(", ""}};
  settings.admin.addr = "x";
  settings.proxy.addr = "x";
  settings.proxy.trusted_proxies = {"x"};
  settings.proxy.accept_headers = {"host"};
  settings.proxy.workers = 0;
  settings.observability.prometheus_addr = "x";
  settings.ratelimit_backend = "redis";
  settings.concurrency_ttl_secs = 0;
  settings.cache_redis.emplace();
  settings.upstream.tls.client_key_file = "k";
  settings.admin.socket = "x";
  settings.egress.deny_cidrs = {"x"};
  settings.egress.redis_networks = {"x"};
  auto begins = [&](const std::string& with) {
    std::string message(Validate(settings).message());
    EXPECT_EQ(message.substr(0, with.size()), with) << message;
  };
  begins("rule: invalid match regex");
  settings.proxy.url_rewrites.clear();
  begins("etcd.endpoints must contain");
  settings.resources_file = "r";
  begins("admin.admin_keys must contain");
  settings.admin.admin_keys = {"k"};
  begins("admin.addr");
  settings.admin.addr = "127.0.0.1:0";
  begins("proxy.addr");
  settings.proxy.addr = "127.0.0.1:1";
  begins("proxy.real_ip.trusted_proxies");
  settings.proxy.trusted_proxies.clear();
  begins("proxy.request_id.accept_headers");
  settings.proxy.accept_headers.clear();
  begins("proxy.workers");
  settings.proxy.workers.reset();
  begins("observability.metrics.prometheus.addr");
  settings.observability.prometheus_addr = "127.0.0.1:2";
  begins("ratelimit.backend = redis requires");
  settings.ratelimit_redis.emplace();
  begins("ratelimit.redis.url");
  settings.ratelimit_redis->url = "u";
  begins("ratelimit.concurrency_ttl_secs");
  settings.concurrency_ttl_secs = 1;
  begins("cache.redis.url");
  settings.cache_redis.reset();
  begins("upstream.tls.client_key_file requires");
  settings.upstream.tls.client_key_file.clear();
  begins("admin.socket");
  settings.admin.socket.reset();
  begins("egress.deny_cidrs");
  settings.egress.deny_cidrs.reset();
  begins("egress.redis_networks");
  settings.egress.redis_networks.clear();
  EXPECT_TRUE(Validate(settings).ok());
}

TEST(ValidateTest, AnAdminListenerThatIsNotBoundIsNotChecked) {
  EXPECT_EQ(
      LoadSettings(std::string("resources_file: r\nadmin: {enabled: false, addr: x}\n") + kProxy).admin.addr,
      "x");
  Settings managed = LoadSettings(std::string("etcd: {endpoints: [a]}\nmanaged: {enabled: true}\n") + kProxy);
  EXPECT_FALSE(managed.admin_bound());
}

TEST(ValidateTest, ARateLimitBlockWithoutItsBackendIsIgnored) {
  LoadSettings(kFile + kProxy + "ratelimit: {redis: {mode: cluster}, concurrency_ttl_secs: 0}");
}

TEST(ValidateTest, CanonicalForms) {
  Settings settings = LoadSettings(
      kFile +
      "proxy: {addr: '[0:0::1]:080', real_ip: {trusted_proxies: [10.1.2.3/8, '::1']}, request_id: "
      "{accept_headers: [' X-Request-Id ']}, listeners: [{addr: '[0::0]:7'}]}\negress: {deny_cidrs: "
      "[192.168.1.1/24]}");
  EXPECT_EQ(settings.proxy.addr, "[::1]:80");
  EXPECT_THAT(settings.proxy.trusted_proxies, ElementsAre("10.0.0.0/8", "::1/128"));
  EXPECT_THAT(settings.proxy.accept_headers, ElementsAre("x-request-id"));
  EXPECT_EQ(settings.proxy.listeners[0].addr, "[::]:7");
  EXPECT_THAT(*settings.egress.deny_cidrs, ElementsAre("192.168.1.0/24"));
}

TEST(ValidateTest, AcceptHeadersMayBeEmpty) {
  EXPECT_TRUE(LoadSettings(kFile + "proxy: {addr: '127.0.0.1:1', request_id: {accept_headers: []}}")
                  .proxy.accept_headers.empty());
}

TEST(ValidateTest, MinimalConfigurationsBoot) {
  LoadSettings(
      "etcd:  { endpoints: [\"http://127.0.0.1:2379\"] }\nproxy: { addr: \"0.0.0.0:3000\" }\nadmin: { addr: "
      "\"127.0.0.1:3001\", admin_keys: [\"k1\"] }\n");
  LoadSettings(
      "resources_file: \"/etc/aisix/resources.yaml\"\nproxy: { addr: \"0.0.0.0:3000\" }\nadmin: { enabled: "
      "false }\n");
  LoadSettings(
      "etcd:    { endpoints: [\"https://placeholder:2379\"] }\nproxy:   { addr: \"0.0.0.0:3000\" }\nmanaged: "
      "{ "
      "enabled: true, cp_base_url: \"https://cp.example.com:7944\" }\n");
}

}  // namespace
}  // namespace aisix::config
