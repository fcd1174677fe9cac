#include "lib/config/loader/boot_checks.h"

#include <cmath>

#include "gmock/gmock.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::StartsWith;

constexpr char kCertificate[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
constexpr char kKey[] = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";

std::string With(const std::string& block) {
  return std::string(kMinimal) + block;
}

TEST(BootChecksTest, LogFilter) {
  LoadSettings(With("observability: {log_level: 'info,aisix::proxy=debug'}"));
  LoadSettings(With("observability: {log_level: verbose}"));
  EXPECT_THAT(LoadError(With("observability: {log_level: 'a=b=c'}")),
              StartsWith("tracing init failed: invalid log filter directive \"a=b=c\""));
  // RUST_LOG wins when it is valid, and only then.
  LoadSettings(With("observability: {log_level: 'a=b=c'}"), {{"RUST_LOG", "debug"}});
  EXPECT_THAT(LoadError(With("observability: {log_level: 'a=b=c'}"), {{"RUST_LOG", "x=y=z"}}),
              StartsWith("tracing init failed: "));
  LoadSettings(kMinimal, {{"RUST_LOG", "x=y=z"}});
}

TEST(BootChecksTest, TracingNeedsAnEndpoint) {
  const std::string message =
      "otlp init failed: otlp exporter install failed: tracing.otlp.enabled=true but endpoint is empty";
  EXPECT_EQ(LoadError(With("observability: {tracing: {otlp: {enabled: true}}}")), message);
  EXPECT_EQ(LoadError(With("observability: {tracing: {otlp: {enabled: true, endpoint: ' '}}}")), message);
  LoadSettings(With("observability: {tracing: {otlp: {enabled: true, endpoint: 'http://o'}}}"));
  LoadSettings(With("observability: {tracing: {otlp: {endpoint: ' '}}}"));
}

TEST(BootChecksTest, UpstreamCaFile) {
  ScratchDirectory directory;
  auto error = [&](const std::string& path) {
    return LoadError(With("upstream: {tls: {ca_file: '" + path + "'}}"));
  };
  std::string absent = directory.path() + "/absent";
  EXPECT_EQ(error(absent),
            "upstream.tls.ca_file: read " + absent + ": No such file or directory (os error 2)");
  std::string empty = directory.Write("empty", "text\n");
  EXPECT_EQ(error(empty), "upstream.tls.ca_file: " + empty + " contains no CERTIFICATE block");
  std::string key = directory.Write("key", kKey);
  EXPECT_EQ(error(key), "upstream.tls.ca_file: " + key + " contains no CERTIFICATE block");
  std::string cut = directory.Write("cut", "-----BEGIN CERTIFICATE-----\nAAAA\n");
  EXPECT_EQ(error(cut), "upstream.tls.ca_file: parse " + cut + ": CERTIFICATE block without an end");
  std::string bad = directory.Write("bad", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(error(bad), "upstream.tls.ca_file: parse " + bad + ": malformed CERTIFICATE block");
  std::string good = directory.Write("good", std::string("# two\n") + kCertificate + kCertificate);
  LoadSettings(With("upstream: {tls: {ca_file: '" + good + "'}}"));
}

TEST(BootChecksTest, UpstreamClientIdentity) {
  ScratchDirectory directory;
  std::string cert = directory.Write("cert", kCertificate);
  std::string key = directory.Write("key", kKey);
  auto yaml = [&](const std::string& cert_file, const std::string& key_file) {
    return With("upstream: {tls: {client_cert_file: '" + cert_file + "', client_key_file: '" + key_file +
                "'}}");
  };
  LoadSettings(yaml(cert, key));
  EXPECT_EQ(LoadError(yaml("/nonexistent", key)),
            "upstream.tls.client_cert_file: read /nonexistent: No such file or directory (os error 2)");
  EXPECT_EQ(LoadError(yaml(cert, "/nonexistent")),
            "upstream.tls.client_key_file: read /nonexistent: No such file or directory (os error 2)");
  EXPECT_EQ(LoadError(yaml(key, key)), "upstream TLS init failed: upstream.tls.client_cert_file: " + key +
                                           " contains no CERTIFICATE block");
  EXPECT_EQ(LoadError(yaml(cert, cert)), "upstream TLS init failed: upstream.tls.client_key_file: " + cert +
                                             " contains no PRIVATE KEY block");
}

TEST(BootChecksTest, ControlPlaneCaIsReadInEveryMode) {
  EXPECT_EQ(LoadError(With("managed: {cp_ca_cert_file: /nonexistent}")),
            "read managed.cp_ca_cert_file = \"/nonexistent\": No such file or directory (os error 2)");
}

TEST(BootChecksTest, EtcdFilesAndPassword) {
  const std::string base = "proxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false}\n";
  ScratchDirectory directory;
  std::string good = directory.Write("pem", kCertificate);
  const std::pair<const char*, std::string> cases[] = {
      {"ca_cert_file", "ca_cert_file: /no, client_cert_file: /no, client_key_file: /no"},
      {"client_cert_file", "ca_cert_file: " + good + ", client_cert_file: /no, client_key_file: /no"},
      {"client_key_file", "ca_cert_file: " + good + ", client_cert_file: " + good + ", client_key_file: /no"},
  };
  for (const auto& [key, files] : cases) {
    EXPECT_EQ(LoadError(base + "etcd: {endpoints: ['a:1'], tls: {" + files + "}}"),
              std::string("etcd.tls.") + key + " = \"/no\": No such file or directory (os error 2)");
  }
  std::string password = base + "etcd: {endpoints: ['a:1'], user: u, password_env: ETCD_PW}";
  EXPECT_EQ(LoadError(password), "etcd.password_env = \"ETCD_PW\" is set but the env var is missing");
  LoadSettings(password, {{"ETCD_PW", ""}});
  // Another source does not care.
  LoadSettings(With("etcd: {endpoints: [], password_env: ETCD_PW}"));
}

TEST(BootChecksTest, Buckets) {
  auto error = [](const std::vector<double>& edges) {
    return std::string(CheckBuckets("f", edges).message());
  };
  const std::string prefix = "observability.metrics.buckets.f";
  EXPECT_EQ(error({0.1, 1}), "");
  EXPECT_EQ(error({}), prefix + ": must list at least one bucket edge");
  std::vector<double> many;
  for (int i = 1; i <= 64; ++i) many.push_back(i);
  EXPECT_EQ(error(many), "");
  many.push_back(65);
  EXPECT_EQ(error(many), prefix + ": 65 edges exceed the limit of 64");
  for (auto [value, text] :
       {std::pair{0.0, "0"}, std::pair{-1.5, "-1.5"}, std::pair<double, const char*>{INFINITY, "inf"},
        std::pair<double, const char*>{NAN, "NaN"}}) {
    EXPECT_EQ(error({0.5, value}),
              prefix + "[1]: " + text +
                  " must be a finite positive number of seconds (the +Inf bucket is added "
                  "automatically)");
  }
  EXPECT_EQ(error({0.5, 0.25}),
            prefix +
                "[1]: 0.25 must be greater than the preceding edge 0.5 — bucket edges are "
                "cumulative and must strictly ascend");
  EXPECT_THAT(error({1, 1}), StartsWith(prefix + "[1]: 1 must be greater"));
}

TEST(BootChecksTest, EveryHistogramIsChecked) {
  for (const char* field : {"request_e2e_latency", "request_ttft", "guardrail_latency", "a2a_ttfb"}) {
    EXPECT_EQ(LoadError(With(std::string("observability: {metrics: {buckets: {") + field + ": []}}}")),
              std::string("observability.metrics.buckets.") + field + ": must list at least one bucket edge");
  }
}

TEST(BootChecksTest, CacheBackendAndClientTypeRules) {
  EXPECT_EQ(LoadError(With("cache: {backend: redis}")), "cache.backend = redis but cache.redis missing");
  LoadSettings(With("cache: {backend: redis, redis: {url: 'redis://h'}}"));
  EXPECT_EQ(
      LoadError(With("observability: {metrics: {client_type_rules: [{pattern: x, client: X}]}}")),
      "observability.metrics.client_type_rules[0]: client \"X\" must match [a-z0-9][a-z0-9._-]* and be at "
      "most 64 chars");
}

TEST(BootChecksTest, ListenerCertificates) {
  ScratchDirectory directory;
  std::string cert = directory.Write("cert", kCertificate);
  std::string key = directory.Write("key", kKey);
  auto tls = [](const std::string& c, const std::string& k) {
    return "{cert_file: '" + c + "', key_file: '" + k + "'}";
  };
  const std::string rest = "resources_file: r\n";
  auto proxy = [&](const std::string& block) {
    return rest + "admin: {enabled: false}\nproxy: {addr: '127.0.0.1:1', tls: " + block + "}";
  };
  LoadSettings(proxy(tls(cert, key)));
  EXPECT_EQ(LoadError(proxy(tls("/no", key))),
            "proxy serve error: proxy.tls: failed to load cert_file=\"/no\" / key_file=\"" + key +
                "\": cert_file: No such file or directory (os error 2)");
  EXPECT_EQ(LoadError(proxy(tls(key, key))), "proxy serve error: proxy.tls: failed to load cert_file=\"" +
                                                 key + "\" / key_file=\"" + key +
                                                 "\": cert_file: contains no CERTIFICATE block");
  EXPECT_THAT(LoadError(proxy(tls(cert, cert))),
              testing::EndsWith("key_file: contains no PRIVATE KEY block"));
  EXPECT_THAT(LoadError(rest + "proxy: {addr: '127.0.0.1:1'}\nadmin: {admin_keys: [k], tls: " +
                        tls("/no", key) + "}"),
              StartsWith("admin serve error: admin.tls: failed to load cert_file=\"/no\""));
  EXPECT_THAT(LoadError(rest +
                        "admin: {enabled: false}\nproxy: {addr: '127.0.0.1:1', listeners: [{addr: "
                        "'127.0.0.1:2', tls: " +
                        tls("/no", key) + "}]}"),
              StartsWith("proxy serve error: proxy.listeners[0].tls: failed to load"));
  // A listener that is not bound needs no files.
  LoadSettings(rest + "proxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false, tls: " + tls("/no", "/no") +
               "}");
}

// Earlier steps of the boot are reported first.
TEST(BootChecksTest, Order) {
  std::string all =
      "proxy: {addr: '127.0.0.1:1', tls: {cert_file: /no, key_file: /no}}\nadmin: {enabled: "
      "false}\nresources_file: "
      "r\n";
  auto error = [&](const std::string& observability, const std::string& more) {
    return LoadError(all + "observability: {" + observability + "}\n" + more);
  };
  const std::string rules = "metrics: {client_type_rules: [{pattern: x, client: X}]}";
  const std::string both = "metrics: {client_type_rules: [{pattern: x, client: X}], buckets: {a2a_ttfb: []}}";
  const std::string upstream = "upstream: {tls: {ca_file: /no}}\n";
  const std::string managed = "managed: {cp_ca_cert_file: /no}\n";
  const std::string cache = "cache: {backend: redis}\n";
  EXPECT_THAT(
      error("log_level: 'a=b=c', tracing: {otlp: {enabled: true}}, " + both, upstream + managed + cache),
      StartsWith("tracing init"));
  EXPECT_THAT(error("tracing: {otlp: {enabled: true}}, " + both, upstream + managed + cache),
              StartsWith("otlp init"));
  EXPECT_THAT(error(both, upstream + managed + cache), StartsWith("upstream.tls.ca_file"));
  EXPECT_THAT(error(both, managed + cache), StartsWith("read managed.cp_ca_cert_file"));
  EXPECT_THAT(error(both, cache), StartsWith("observability.metrics.buckets"));
  EXPECT_THAT(error(rules, cache), StartsWith("cache.backend"));
  EXPECT_THAT(error(rules, ""), StartsWith("observability.metrics.client_type_rules"));
  EXPECT_THAT(error("", ""), StartsWith("proxy serve error"));
}

}  // namespace
}  // namespace aisix::config
