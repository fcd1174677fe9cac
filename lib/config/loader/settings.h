// The start-up file and the environment as one value, before it is cut into parts (spec 01 §5, 00).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/loader/value.h"
#include "lib/config/zone_config.h"

namespace aisix::config {

struct ListenerTlsFiles {
  std::string cert_file;
  std::string key_file;
};

struct EtcdTlsFiles {
  std::string ca_cert_file;
  std::string client_cert_file;
  std::string client_key_file;
  std::optional<std::string> domain_name;
};

struct EtcdSettings {
  std::vector<std::string> endpoints;
  std::string prefix = "/aisix";
  std::string env_id;
  std::optional<std::string> user;
  std::optional<std::string> password_env;
  uint64_t dial_timeout_ms = 5000;
  uint64_t request_timeout_ms = 5000;
  std::optional<EtcdTlsFiles> tls;
};

struct ProxyListenerSettings {
  std::string addr;
  std::optional<ListenerTlsFiles> tls;
};

struct ProxySettings {
  std::string addr;
  uint64_t request_body_limit_bytes = 0;
  std::optional<ListenerTlsFiles> tls;
  std::vector<std::string> trusted_proxies;
  bool real_ip_recursive = false;
  std::string real_ip_header = "x-forwarded-for";
  std::vector<std::string> accept_headers{"x-aisix-request-id"};
  bool thread_per_core = true;
  std::optional<uint64_t> workers;  // absent: the CPUs available to the process
  std::vector<UrlRewrite> url_rewrites;
  std::vector<ProxyListenerSettings> listeners;
};

struct AdminSettings {
  bool enabled = true;
  std::string addr = "127.0.0.1:0";
  std::vector<std::string> admin_keys;
  std::optional<ListenerTlsFiles> tls;
  bool read_only = false;
  std::optional<std::string> socket;  // absent: the default path, where it can be made
};

struct ObservabilitySettings {
  std::string service_name = "aisix";
  std::string log_level = "info";
  bool access_log = true;
  bool prometheus_enabled = true;
  std::string prometheus_path = "/metrics";
  std::string prometheus_addr = "0.0.0.0:9090";
  bool metrics_otlp_enabled = false;
  std::optional<std::string> metrics_otlp_endpoint;
  std::vector<ClientTypeRule> client_type_rules;
  Buckets buckets;
  bool tracing_otlp_enabled = false;
  std::optional<std::string> tracing_otlp_endpoint;
  double tracing_otlp_sample_ratio = 1.0;

  ObservabilitySettings();  // the default buckets of spec 01 §5.5
};

struct ManagedSettings {
  bool enabled = false;
  std::optional<std::string> cp_base_url, cp_etcd_endpoint, cp_ca_cert_file;
  std::optional<std::string> cp_cert_pem, cp_key_pem, cp_ca_pem;
  std::optional<std::string> cp_cert_file, cp_key_file, cp_ca_file;
  std::string mtls_dir = "/var/lib/aisix/mtls";
  std::string dp_id_file = "/var/lib/aisix/dp_id";
  std::optional<std::string> snapshot_cache_path;  // absent: depends on the mode; empty: off
  uint64_t heartbeat_interval_secs = 15;
};

struct EgressSettings {
  std::optional<std::vector<std::string>> deny_cidrs;  // absent: DefaultDenyCidrs()
  std::vector<std::string> redis_networks;
};

// A value. In `upstream.tls` and the Redis blocks, TlsMaterial holds paths (in the zones' parts: names).
struct Settings {
  std::optional<EtcdSettings> etcd;
  std::optional<std::string> resources_file;
  ProxySettings proxy;
  AdminSettings admin;
  ObservabilitySettings observability;
  std::string cache_backend = "memory";
  std::optional<RedisPart> cache_redis;
  std::string ratelimit_backend = "memory";
  std::optional<RedisPart> ratelimit_redis;
  uint64_t concurrency_ttl_secs = 300;
  UpstreamPart upstream;
  OutboundProxies outbound_proxies;  // from the environment only
  uint64_t downstream_idle_timeout_secs = 0;
  uint64_t sse_keepalive_interval_secs = 15;
  uint64_t min_drain_secs = 30;
  ManagedSettings managed;
  std::string bedrock_endpoint_url;
  std::string isolation = "enforce";
  EgressSettings egress;
  uint64_t budget_stale_max_seconds = 600;  // from the environment only

  bool file_mode() const { return resources_file.has_value(); }
  bool etcd_mode() const { return !managed.enabled && !file_mode(); }
  bool admin_bound() const { return !managed.enabled && admin.enabled; }
};

// Types and keys only; values are checked by Validate. The error is the text behind `deserialize: `.
absl::StatusOr<Settings> ReadSettings(const Value& root);

// Read by ReadSettings; one per file.
absl::Status ReadProxy(const Value& value, std::string_view path, ProxySettings& proxy);
absl::Status ReadObservability(const Value& value, std::string_view path, ObservabilitySettings& settings);
absl::Status ReadEtcd(const Value& value, std::string_view path, EtcdSettings& etcd);
absl::Status ReadManaged(const Value& value, std::string_view path, ManagedSettings& managed);
absl::Status ReadListenerTls(const Value& value, std::string_view path, ListenerTlsFiles& tls);
absl::Status ReadClientTls(const Value& value, std::string_view path, TlsMaterial& tls);
absl::Status ReadRedis(const Value& value, std::string_view path, RedisPart& redis);

}  // namespace aisix::config
