#include <utility>

#include "lib/config/loader/reader.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {
namespace {

absl::Status ReadAdmin(const Value& value, std::string_view path, AdminSettings& admin) {
  BlockReader block(value, path, "AdminConfig",
                    {"enabled", "addr", "admin_keys", "tls", "read_only", "socket"});
  block.Read("enabled", admin.enabled);
  block.Read("addr", admin.addr);
  block.Read("admin_keys", admin.admin_keys);
  block.ReadBlock(
      "tls",
      [&](const Value& tls, std::string_view at) { return ReadListenerTls(tls, at, admin.tls.emplace()); },
      /*nullable=*/true);
  block.Read("read_only", admin.read_only);
  block.Read("socket", admin.socket);
  return block.status();
}

absl::Status ReadCache(const Value& value, std::string_view path, Settings& settings) {
  BlockReader block(value, path, "CacheConfig", {"backend", "redis"});
  block.ReadEnum("backend", "CacheBackend", {"memory", "redis"}, settings.cache_backend);
  block.ReadBlock(
      "redis",
      [&](const Value& redis, std::string_view at) {
        return ReadRedis(redis, at, settings.cache_redis.emplace());
      },
      /*nullable=*/true);
  return block.status();
}

absl::Status ReadRateLimit(const Value& value, std::string_view path, Settings& settings) {
  BlockReader block(value, path, "RateLimitConfig", {"backend", "redis", "concurrency_ttl_secs"});
  block.ReadEnum("backend", "RateLimitBackend", {"memory", "redis"}, settings.ratelimit_backend);
  block.ReadBlock(
      "redis",
      [&](const Value& redis, std::string_view at) {
        return ReadRedis(redis, at, settings.ratelimit_redis.emplace());
      },
      /*nullable=*/true);
  block.Read("concurrency_ttl_secs", settings.concurrency_ttl_secs);
  return block.status();
}

absl::Status ReadUpstream(const Value& value, std::string_view path, UpstreamPart& upstream) {
  BlockReader block(value, path, "UpstreamConfig",
                    {"timeout_ms", "stream_timeout_ms", "connect_timeout_ms", "tcp_keepalive_secs",
                     "tcp_keepalive_interval_secs", "tcp_keepalive_retries", "pool_idle_timeout_secs",
                     "pool_max_idle_per_host", "retries", "tls"});
  block.Read("timeout_ms", upstream.timeout_ms);
  block.Read("stream_timeout_ms", upstream.stream_timeout_ms);
  block.Read("connect_timeout_ms", upstream.connect_timeout_ms);
  block.Read("tcp_keepalive_secs", upstream.tcp_keepalive_secs);
  block.Read("tcp_keepalive_interval_secs", upstream.tcp_keepalive_interval_secs);
  block.Read("tcp_keepalive_retries", upstream.tcp_keepalive_retries);
  block.Read("pool_idle_timeout_secs", upstream.pool_idle_timeout_secs);
  block.Read("pool_max_idle_per_host", upstream.pool_max_idle_per_host);
  block.Read("retries", upstream.retries);
  block.ReadBlock(
      "tls", [&](const Value& tls, std::string_view at) { return ReadClientTls(tls, at, upstream.tls); });
  return block.status();
}

absl::Status ReadDownstream(const Value& value, std::string_view path, Settings& settings) {
  BlockReader block(value, path, "DownstreamConfig", {"idle_timeout_secs", "sse_keepalive_interval_secs"});
  block.Read("idle_timeout_secs", settings.downstream_idle_timeout_secs);
  block.Read("sse_keepalive_interval_secs", settings.sse_keepalive_interval_secs);
  return block.status();
}

absl::Status ReadShutdown(const Value& value, std::string_view path, Settings& settings) {
  BlockReader block(value, path, "ShutdownConfig", {"min_drain_secs"});
  block.Read("min_drain_secs", settings.min_drain_secs);
  return block.status();
}

absl::Status ReadEgress(const Value& value, std::string_view path, EgressSettings& egress) {
  BlockReader block(value, path, "EgressConfig", {"deny_cidrs", "redis_networks"});
  block.Read("deny_cidrs", egress.deny_cidrs);
  block.Read("redis_networks", egress.redis_networks);
  return block.status();
}

}  // namespace

absl::StatusOr<Settings> ReadSettings(const Value& root) {
  Settings settings;
  BlockReader block(
      root, "", "Config",
      {"etcd", "resources_file", "proxy", "admin", "observability", "cache", "ratelimit", "upstream",
       "downstream", "shutdown", "managed", "bedrock_endpoint_url", "isolation", "egress"});
  // Binds a reader to the place where it stores what it read.
  auto into = [](auto read, auto& target) {
    return [read, &target](const Value& value, std::string_view path) { return read(value, path, target); };
  };
  block.ReadBlock("etcd", [&](const Value& value, std::string_view path) {
    return ReadEtcd(value, path, settings.etcd.emplace());
  });
  block.Read("resources_file", settings.resources_file);
  if (root.Find("proxy") == nullptr) block.Miss("proxy");
  block.ReadBlock("proxy", into(ReadProxy, settings.proxy));
  block.ReadBlock("admin", into(ReadAdmin, settings.admin));
  block.ReadBlock("observability", into(ReadObservability, settings.observability));
  block.ReadBlock("cache", into(ReadCache, settings));
  block.ReadBlock("ratelimit", into(ReadRateLimit, settings));
  block.ReadBlock("upstream", into(ReadUpstream, settings.upstream));
  block.ReadBlock("downstream", into(ReadDownstream, settings));
  block.ReadBlock("shutdown", into(ReadShutdown, settings));
  block.ReadBlock("managed", into(ReadManaged, settings.managed));
  std::optional<std::string> bedrock;
  block.Read("bedrock_endpoint_url", bedrock);
  settings.bedrock_endpoint_url = std::move(bedrock).value_or("");
  block.ReadEnum("isolation", "Isolation", {"enforce", "best_effort"}, settings.isolation);
  block.ReadBlock("egress", into(ReadEgress, settings.egress));
  if (absl::Status status = block.status(); !status.ok()) return status;
  return settings;
}

}  // namespace aisix::config
