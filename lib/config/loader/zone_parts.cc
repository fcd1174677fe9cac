#include "lib/config/loader/zone_parts.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "lib/config/loader/address.h"
#include "lib/config/loader/static_destinations.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

constexpr const char* kDefaultSnapshotCache = "/var/lib/aisix/config_cache.json";

// Relative paths mean the directory in which the process was started; the supervisor need not stay there.
std::string Absolute(const std::string& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

void Grant(std::vector<FileGrant>& files, std::string_view zone, std::string name, const std::string& path,
           bool required = true) {
  if (path.empty()) return;
  files.push_back({std::string(zone), std::move(name), Absolute(path), required});
}

void GrantListenerTls(std::vector<FileGrant>& files, std::string_view zone, std::string_view listener,
                      const std::optional<ListenerTlsFiles>& tls) {
  if (!tls) return;
  Grant(files, zone, Concat(listener, ".tls.cert_file"), tls->cert_file);
  Grant(files, zone, Concat(listener, ".tls.key_file"), tls->key_file);
}

// Grants the files and returns their names in place of their paths.
TlsMaterial GrantClientTls(std::vector<FileGrant>& files, std::string_view zone, std::string_view context,
                           const TlsMaterial& paths) {
  TlsMaterial names;
  names.verify = paths.verify;
  auto grant = [&](std::string_view key, const std::string& path) {
    if (path.empty()) return std::string();
    std::string name = Concat(context, ".tls.", key);
    Grant(files, zone, name, path);
    return name;
  };
  names.ca_file = grant("ca_file", paths.ca_file);
  names.client_cert_file = grant("client_cert_file", paths.client_cert_file);
  names.client_key_file = grant("client_key_file", paths.client_key_file);
  return names;
}

RedisPart CutRedis(std::vector<FileGrant>& files, std::string_view context, const RedisPart& settings) {
  RedisPart redis = settings;
  redis.tls = GrantClientTls(files, "proxy", context, settings.tls);
  return redis;
}

// "https://[::1]:2379" -> "::1", "etcd.example:2379" -> "etcd.example"
std::string HostOfEndpoint(std::string_view endpoint) {
  size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  endpoint = endpoint.substr(0, endpoint.find('/'));
  if (endpoint.starts_with("[")) return std::string(endpoint.substr(1, endpoint.find(']') - 1));
  return std::string(endpoint.substr(0, endpoint.rfind(':')));
}

// What a zone that resolves names goes by; every system may lack them.
void GrantResolverFiles(std::vector<FileGrant>& files, std::string_view zone, const HostFacts& host) {
  Grant(files, zone, "resolv_conf", host.resolv_conf, /*required=*/false);
  Grant(files, zone, "hosts", host.hosts, /*required=*/false);
}

std::string MetricsPath(std::string_view path) {
  path = Trim(path);
  if (path.empty()) return "/metrics";
  return path.starts_with("/") ? std::string(path) : Concat("/", path);
}

// The directory is there and writable, or the nearest one above it that exists is.
bool CanBeMade(const std::string& socket) {
  std::filesystem::path directory = std::filesystem::path(socket).parent_path();
  std::error_code error;
  while (!std::filesystem::exists(directory, error) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return std::filesystem::is_directory(directory, error) && ::access(directory.c_str(), W_OK | X_OK) == 0;
}

CommonPart CutCommon(const Settings& settings, const HostFacts& host) {
  CommonPart common;
  common.version = host.version;
  common.log_level = settings.observability.log_level;
  common.isolation_enforce = settings.isolation == "enforce";
  return common;
}

ProxyPart CutProxy(const Settings& settings, const CommonPart& common, const HostFacts& host,
                   std::vector<FileGrant>& files) {
  const ProxySettings& from = settings.proxy;
  ProxyPart proxy;
  proxy.common = common;
  proxy.listeners.push_back({"proxy", from.addr, from.tls.has_value()});
  GrantListenerTls(files, "proxy", "proxy", from.tls);
  for (size_t i = 0; i < from.listeners.size(); ++i) {
    const ProxyListenerSettings& listener = from.listeners[i];
    std::string name = Concat("proxy.", i + 1);
    proxy.listeners.push_back({name, listener.addr, listener.tls.has_value()});
    GrantListenerTls(files, "proxy", name, listener.tls);
  }
  proxy.workers = static_cast<uint32_t>(from.workers.value_or(host.cpus));
  proxy.thread_per_core = from.thread_per_core;
  proxy.request_body_limit_bytes = from.request_body_limit_bytes;
  proxy.trusted_proxies = from.trusted_proxies;
  proxy.real_ip_recursive = from.real_ip_recursive;
  proxy.real_ip_header = from.real_ip_header;
  proxy.request_id_accept_headers = from.accept_headers;
  proxy.url_rewrites = from.url_rewrites;
  proxy.upstream = settings.upstream;
  proxy.outbound_proxies = settings.outbound_proxies;
  proxy.upstream.tls = GrantClientTls(files, "proxy", "upstream", settings.upstream.tls);
  proxy.downstream_idle_timeout_secs = settings.downstream_idle_timeout_secs;
  proxy.sse_keepalive_interval_secs = settings.sse_keepalive_interval_secs;
  proxy.buckets = settings.observability.buckets;
  proxy.client_type_rules = settings.observability.client_type_rules;
  if (settings.etcd) proxy.env_id = settings.etcd->env_id;
  proxy.ratelimit_backend = settings.ratelimit_backend;
  proxy.concurrency_ttl_secs = settings.concurrency_ttl_secs;
  if (settings.ratelimit_backend == "redis" && settings.ratelimit_redis) {
    proxy.ratelimit_redis = CutRedis(files, "ratelimit.redis", *settings.ratelimit_redis);
  }
  if (settings.cache_redis) proxy.cache_redis = CutRedis(files, "cache.redis", *settings.cache_redis);
  proxy.bedrock_endpoint_url = settings.bedrock_endpoint_url;
  proxy.managed = settings.managed.enabled;
  return proxy;
}

EtcdPart CutEtcd(const EtcdSettings& from, std::vector<FileGrant>& files) {
  EtcdPart etcd;
  etcd.endpoints = from.endpoints;
  etcd.prefix = from.prefix;
  etcd.env_id = from.env_id;
  etcd.user = from.user.value_or("");
  etcd.password_env = from.password_env.value_or("");
  etcd.dial_timeout_ms = from.dial_timeout_ms;
  etcd.request_timeout_ms = from.request_timeout_ms;
  if (from.tls) {
    etcd.tls = true;
    etcd.tls_domain_name =
        from.tls->domain_name.value_or(from.endpoints.empty() ? "" : HostOfEndpoint(from.endpoints[0]));
    Grant(files, "admin", "etcd.tls.ca_cert_file", from.tls->ca_cert_file);
    Grant(files, "admin", "etcd.tls.client_cert_file", from.tls->client_cert_file);
    Grant(files, "admin", "etcd.tls.client_key_file", from.tls->client_key_file);
  }
  return etcd;
}

ManagedPart CutManaged(const Settings& settings, std::vector<FileGrant>& files) {
  const ManagedSettings& from = settings.managed;
  ManagedPart managed;
  managed.enabled = true;
  managed.cp_base_url = from.cp_base_url.value_or("");
  managed.cp_etcd_endpoint = from.cp_etcd_endpoint.value_or("");
  managed.cp_cert_pem = from.cp_cert_pem.value_or("");
  managed.cp_key_pem = from.cp_key_pem.value_or("");
  managed.cp_ca_pem = from.cp_ca_pem.value_or("");
  managed.mtls_dir = from.mtls_dir;
  managed.dp_id_file = from.dp_id_file;
  managed.heartbeat_interval_secs = std::clamp<uint64_t>(from.heartbeat_interval_secs, 5, 300);
  managed.budget_stale_max_seconds = settings.budget_stale_max_seconds;
  Grant(files, "admin", "managed.cp_cert_file", from.cp_cert_file.value_or(""));
  Grant(files, "admin", "managed.cp_key_file", from.cp_key_file.value_or(""));
  Grant(files, "admin", "managed.cp_ca_file", from.cp_ca_file.value_or(""));
  Grant(files, "admin", "managed.cp_ca_cert_file", from.cp_ca_cert_file.value_or(""));
  return managed;
}

AdminPart CutAdmin(const Settings& settings, const CommonPart& common, const HostFacts& host,
                   std::vector<FileGrant>& files) {
  AdminPart admin;
  admin.common = common;
  admin.read_only = settings.admin.read_only;
  admin.static_destinations = StaticDestinations(settings);
  if (settings.admin_bound()) {
    admin.listener = ListenerSpec{"admin", settings.admin.addr, settings.admin.tls.has_value()};
    admin.admin_keys = settings.admin.admin_keys;
    GrantListenerTls(files, "admin", "admin", settings.admin.tls);
  }
  if (settings.admin.socket) {
    admin.socket = *settings.admin.socket;
  } else if (CanBeMade(host.admin_socket)) {
    admin.socket = host.admin_socket;
  }
  admin.upstream = settings.upstream;
  admin.upstream.tls = TlsMaterial{};  // of use only for calls to the control plane
  if (settings.file_mode()) {
    admin.resources_file = *settings.resources_file;
    Grant(files, "admin", "resources_file", admin.resources_file, /*required=*/false);
    return admin;
  }
  if (settings.etcd) admin.etcd = CutEtcd(*settings.etcd, files);
  admin.snapshot_cache_path =
      settings.managed.snapshot_cache_path.value_or(settings.managed.enabled ? kDefaultSnapshotCache : "");
  if (settings.managed.enabled) {
    admin.managed = CutManaged(settings, files);
    admin.upstream.tls = GrantClientTls(files, "admin", "upstream", settings.upstream.tls);
  }
  return admin;
}

EgressPart CutEgress(const Settings& settings, const CommonPart& common) {
  EgressPart egress;
  egress.common = common;
  egress.deny_cidrs = WithMappedForms(settings.egress.deny_cidrs.value_or(DefaultDenyNetworks()));
  if (RedisDiscoversPeers(settings)) egress.redis_networks = settings.egress.redis_networks;
  egress.connect_timeout_ms = settings.upstream.connect_timeout_ms;
  egress.tcp_keepalive_secs = settings.upstream.tcp_keepalive_secs;
  egress.tcp_keepalive_interval_secs = settings.upstream.tcp_keepalive_interval_secs;
  egress.tcp_keepalive_retries = settings.upstream.tcp_keepalive_retries;
  return egress;
}

}  // namespace

ZoneParts CutIntoParts(const Settings& settings, const Environment& environment, const HostFacts& host) {
  ZoneParts parts;
  CommonPart common = CutCommon(settings, host);
  std::vector<FileGrant>& files = parts.supervisor.files;
  parts.proxy = CutProxy(settings, common, host, files);
  parts.admin = CutAdmin(settings, common, host, files);
  parts.egress = CutEgress(settings, common);
  parts.metrics.common = common;
  parts.metrics.path = MetricsPath(settings.observability.prometheus_path);
  if (settings.observability.prometheus_enabled) {
    parts.metrics.listener = ListenerSpec{"metrics", settings.observability.prometheus_addr, false};
  }
  for (FileGrant& grant : CaBundleGrants("proxy", environment, host.ca_bundles)) {
    files.push_back(std::move(grant));
  }
  if (settings.managed.enabled) {
    for (FileGrant& grant : CaBundleGrants("admin", environment, host.ca_bundles)) {
      files.push_back(std::move(grant));
    }
  }

  GrantResolverFiles(files, "egress", host);
  if (!settings.file_mode()) GrantResolverFiles(files, "admin", host);

  SupervisorPart& supervisor = parts.supervisor;
  supervisor.common = common;
  supervisor.listeners = parts.proxy.listeners;
  if (parts.admin.listener) supervisor.listeners.push_back(*parts.admin.listener);
  if (parts.metrics.listener) supervisor.listeners.push_back(*parts.metrics.listener);
  supervisor.thread_per_core = parts.proxy.thread_per_core;
  supervisor.proxy_workers = parts.proxy.workers;
  supervisor.min_drain_secs = settings.min_drain_secs;
  supervisor.reload_on_sighup = settings.file_mode();
  supervisor.admin_socket = parts.admin.socket;
  supervisor.service_name = settings.observability.service_name;
  for (const ListenerSpec& listener : supervisor.listeners) {
    // Port 0: nobody knows yet where the listener will be.
    if (!listener.address.ends_with(":0")) parts.egress.own_endpoints.push_back(listener.address);
  }
  return parts;
}

}  // namespace aisix::config
