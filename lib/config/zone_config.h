// The start-up configuration, cut into what each zone may know (DESIGN §1.2). The bootstrap child writes one
// sealed memfd per zone; a zone sees its own part only. All of these are values. Keys, defaults and rules:
// spec 01 §5, 00.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::config {

// Known to every zone.
struct CommonPart {
  std::string version;
  std::string log_level = "info";
  bool isolation_enforce = true;
};

struct ListenerSpec {
  // "proxy", "proxy.1" … (proxy.listeners), "admin", "metrics". With `tls`, its files are granted to the zone
  // as "<name>.tls.cert_file" and "<name>.tls.key_file".
  std::string name;
  std::string address;  // canonical "IP:port" or "[IPv6]:port"
  bool tls = false;
};

// A file that the supervisor opens for a zone. The zone knows it by `name` only.
struct FileGrant {
  std::string zone;  // "proxy", "admin", "egress"
  std::string name;  // the configuration key: "proxy.tls.cert_file", "upstream.tls.ca_file",
                     // "resources_file"; "ca_bundle" …, "resolv_conf", "hosts"
  std::string path;
  bool required = true;  // absent at boot: the process ends with the error of spec 01 §5
};

struct SupervisorPart {
  CommonPart common;
  std::vector<ListenerSpec> listeners;
  std::vector<FileGrant> files;
  bool thread_per_core = true;
  uint32_t proxy_workers = 1;  // loops; sockets per proxy listener when thread_per_core
  uint64_t min_drain_secs = 30;
  bool reload_on_sighup = false;       // file mode
  std::string admin_socket;            // empty: none
  std::string service_name = "aisix";  // shown in the boot line
};

struct TlsMaterial {  // names of granted files; empty: not configured
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool verify = true;
};

struct RedisPart {
  std::string mode = "single";
  std::string url;
  std::vector<std::string> nodes;
  std::vector<std::string> sentinels;
  std::string master_name, username, password;
  int64_t database = 0;
  TlsMaterial tls;
};

struct UrlRewrite {
  std::string name, match, rewrite;
};

struct ClientTypeRule {
  std::string pattern, client;
};

struct Buckets {  // upper edges in seconds
  std::vector<double> request_e2e_latency;
  std::vector<double> request_ttft;
  std::vector<double> guardrail_latency;
  std::vector<double> a2a_ttfb;
};

struct UpstreamPart {  // spec 01 §5.7; 0 switches a knob off
  uint64_t timeout_ms = 6000000;
  uint64_t stream_timeout_ms = 0;
  uint64_t connect_timeout_ms = 5000;
  uint64_t tcp_keepalive_secs = 60;
  uint64_t tcp_keepalive_interval_secs = 30;
  uint64_t tcp_keepalive_retries = 5;
  uint64_t pool_idle_timeout_secs = 30;
  std::optional<uint64_t> pool_max_idle_per_host;
  uint64_t retries = 2;
  TlsMaterial tls;
};

// An HTTP proxy in front of upstreams, from the environment (spec 05 §9).
struct OutboundProxy {
  bool tls = false;  // towards the proxy itself
  std::string host;  // canonical, without brackets
  uint64_t port = 0;
  bool has_credentials = false;
  std::string username, password;  // decoded
};

struct OutboundProxies {
  std::optional<OutboundProxy> https;   // for https upstreams: HTTPS_PROXY, else ALL_PROXY
  std::optional<OutboundProxy> http;    // for http upstreams: HTTP_PROXY, else ALL_PROXY
  std::vector<std::string> exceptions;  // the entries of NO_PROXY, trimmed, lower case
};

struct ProxyPart {
  CommonPart common;
  std::vector<ListenerSpec> listeners;
  uint32_t workers = 1;
  bool thread_per_core = true;
  uint64_t request_body_limit_bytes = 0;  // 0: no limit
  std::vector<std::string> trusted_proxies;
  bool real_ip_recursive = false;
  std::string real_ip_header = "x-forwarded-for";
  std::vector<std::string> request_id_accept_headers{"x-aisix-request-id"};  // lower case
  std::vector<UrlRewrite> url_rewrites;
  UpstreamPart upstream;
  OutboundProxies outbound_proxies;
  uint64_t downstream_idle_timeout_secs = 0;
  uint64_t sse_keepalive_interval_secs = 15;
  Buckets buckets;
  std::vector<ClientTypeRule> client_type_rules;
  std::string env_id;
  std::string ratelimit_backend = "memory";
  uint64_t concurrency_ttl_secs = 300;
  std::optional<RedisPart> ratelimit_redis;
  std::optional<RedisPart> cache_redis;
  std::string bedrock_endpoint_url;
  bool managed = false;
};

struct EtcdPart {
  std::vector<std::string> endpoints;
  std::string prefix = "/aisix";
  std::string env_id;
  std::string user;
  std::string password_env;
  uint64_t dial_timeout_ms = 5000;
  uint64_t request_timeout_ms = 5000;
  bool tls = false;
  std::string tls_domain_name;  // certificate files are granted as "etcd.tls.ca_cert_file" …
};

struct ManagedPart {
  bool enabled = false;
  std::string cp_base_url, cp_etcd_endpoint;
  std::string cp_cert_pem, cp_key_pem, cp_ca_pem;
  std::string mtls_dir = "/var/lib/aisix/mtls";
  std::string dp_id_file = "/var/lib/aisix/dp_id";
  uint64_t heartbeat_interval_secs = 15;    // within 5..300
  uint64_t budget_stale_max_seconds = 600;  // AISIX_DP_BUDGET_STALE_MAX_SECONDS
};

struct AdminPart {
  CommonPart common;
  std::optional<ListenerSpec> listener;
  std::vector<std::string> admin_keys;
  bool read_only = false;
  std::string socket;
  std::string resources_file;  // path as configured, for messages; its content is granted as "resources_file"
  EtcdPart etcd;
  ManagedPart managed;
  std::string snapshot_cache_path;  // empty: off
  UpstreamPart upstream;            // timeouts and retries are shown nowhere; the TLS names serve Cloud calls
  // The parts of the start-up configuration that name destinations (lib/destinations).
  std::vector<std::string> static_destinations;  // canonical host:port
};

struct MetricsPart {
  CommonPart common;
  std::optional<ListenerSpec> listener;
  std::string path = "/metrics";
};

struct EgressPart {
  CommonPart common;
  std::vector<std::string> deny_cidrs;
  std::vector<std::string> redis_networks;
  std::vector<std::string>
      own_endpoints;  // listener addresses, refused unless configured as that very address
  uint64_t connect_timeout_ms = 5000;
  uint64_t tcp_keepalive_secs = 60;
  uint64_t tcp_keepalive_interval_secs = 30;
  uint64_t tcp_keepalive_retries = 5;
};

// The text of a sealed part (JSON) and back. A text that is not such a part: INVALID_ARGUMENT.
std::string Encode(const SupervisorPart&);
std::string Encode(const ProxyPart&);
std::string Encode(const AdminPart&);
std::string Encode(const MetricsPart&);
std::string Encode(const EgressPart&);
absl::StatusOr<SupervisorPart> DecodeSupervisorPart(std::string_view text);
absl::StatusOr<ProxyPart> DecodeProxyPart(std::string_view text);
absl::StatusOr<AdminPart> DecodeAdminPart(std::string_view text);
absl::StatusOr<MetricsPart> DecodeMetricsPart(std::string_view text);
absl::StatusOr<EgressPart> DecodeEgressPart(std::string_view text);

}  // namespace aisix::config
