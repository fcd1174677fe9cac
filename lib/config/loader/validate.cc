#include "lib/config/loader/validate.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lib/config/loader/address.h"
#include "lib/config/loader/patterns.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

// Far above any machine; a larger number is a slip, and every loop costs sockets and memory.
constexpr uint64_t kMaxWorkers = 1024;
// sizeof(sockaddr_un::sun_path) without the final zero.
constexpr size_t kMaxSocketPath = 107;

constexpr std::array<std::string_view, 10> kReservedHeaders = {"authorization",
                                                               "x-api-key",
                                                               "x-goog-api-key",
                                                               "api-key",
                                                               "x-amz-security-token",
                                                               "x-amz-date",
                                                               "x-amz-content-sha256",
                                                               "proxy-authorization",
                                                               "cookie",
                                                               "host"};

absl::Status Invalid(std::string message) {
  return absl::InvalidArgumentError(std::move(message));
}

bool IsBlank(std::string_view text) {
  return Trim(text).empty();
}

absl::Status CheckSource(const Settings& settings) {
  bool has_endpoints = settings.etcd && !settings.etcd->endpoints.empty();
  if (settings.resources_file) {
    if (IsBlank(*settings.resources_file)) return Invalid("resources_file must not be empty when set");
    if (has_endpoints) {
      return Invalid(
          "config sets both etcd.endpoints and resources_file — the etcd source and the file source are "
          "mutually exclusive; remove one");
    }
    if (settings.managed.enabled) {
      return Invalid(
          "resources_file cannot be combined with managed.enabled = true (managed mode reads resources from "
          "the control plane)");
    }
    return absl::OkStatus();
  }
  if (!has_endpoints) {
    return Invalid(
        "etcd.endpoints must contain at least one endpoint (or set resources_file to load resources from a "
        "file)");
  }
  return absl::OkStatus();
}

// Replaces `address` by its canonical form.
absl::Status CheckAddress(std::string_view key, std::string& address) {
  auto canonical = CanonicalSocketAddress(address);
  if (!canonical) return Invalid(Concat(key, " invalid socket address: ", address));
  address = *canonical;
  return absl::OkStatus();
}

absl::Status CheckNetworks(std::string_view key, std::vector<std::string>& networks) {
  for (std::string& network : networks) {
    auto canonical = CanonicalNetwork(network);
    if (!canonical) return Invalid(Concat(key, " invalid CIDR/IP: ", network));
    network = *canonical;
  }
  return absl::OkStatus();
}

absl::Status CheckAdmin(AdminSettings& admin) {
  if (admin.admin_keys.empty()) {
    return Invalid("admin.admin_keys must contain at least one key (required when managed.enabled is false)");
  }
  // An empty key would be matched by an empty credential.
  for (const std::string& key : admin.admin_keys) {
    if (IsBlank(key)) return Invalid("admin.admin_keys must not contain an empty key");
  }
  return CheckAddress("admin.addr", admin.addr);
}

absl::Status CheckAdminSocket(const AdminSettings& admin) {
  if (!admin.socket || admin.socket->empty()) return absl::OkStatus();
  if (admin.socket->front() == '/' && admin.socket->size() <= kMaxSocketPath) return absl::OkStatus();
  return Invalid(
      Concat("admin.socket must be an absolute path of at most ", kMaxSocketPath, " bytes: ", *admin.socket));
}

bool IsHeaderName(std::string_view name) {
  static constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return IsAlphanumeric(c) || Contains(kTokenMarks, c); });
}

absl::Status CheckAcceptHeaders(std::vector<std::string>& headers) {
  for (std::string& header : headers) {
    std::string name = Lower(Trim(header));
    bool reserved =
        name == "traceparent" || name == "tracestate" ||
        std::find(kReservedHeaders.begin(), kReservedHeaders.end(), name) != kReservedHeaders.end();
    if (reserved || !IsHeaderName(name)) {
      return Invalid(Concat("proxy.request_id.accept_headers rejects ", Quote(header),
                            ": not a valid HTTP header name, or a reserved header a request id must "
                            "never be read from (",
                            Join(kReservedHeaders, ", "), ")"));
    }
    header = name;
  }
  return absl::OkStatus();
}

absl::Status CheckTlsPair(std::string_view context, const TlsMaterial& tls) {
  if (tls.client_cert_file.empty() == tls.client_key_file.empty()) return absl::OkStatus();
  std::string cert = Concat(context, ".tls.client_cert_file");
  std::string key = Concat(context, ".tls.client_key_file");
  if (tls.client_key_file.empty()) return Invalid(Concat(cert, " requires ", key));
  return Invalid(Concat(key, " requires ", cert));
}

absl::Status CheckRedis(std::string_view context, const RedisPart& redis) {
  auto none = [](const std::vector<std::string>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(), IsBlank);
  };
  if (redis.mode == "single" && IsBlank(redis.url)) {
    return Invalid(Concat(context, ".url is required when mode = single"));
  }
  if (redis.mode == "cluster" && none(redis.nodes)) {
    return Invalid(Concat(context, ".nodes must list at least one node when mode = cluster"));
  }
  if (redis.mode == "sentinel") {
    if (none(redis.sentinels)) {
      return Invalid(Concat(context, ".sentinels must list at least one sentinel when mode = sentinel"));
    }
    if (IsBlank(redis.master_name)) {
      return Invalid(Concat(context, ".master_name is required when mode = sentinel"));
    }
  }
  return CheckTlsPair(context, redis.tls);
}

absl::Status CheckRateLimit(const Settings& settings) {
  if (settings.ratelimit_backend != "redis") return absl::OkStatus();
  if (!settings.ratelimit_redis) {
    return Invalid("ratelimit.backend = redis requires a ratelimit.redis block");
  }
  if (absl::Status status = CheckRedis("ratelimit.redis", *settings.ratelimit_redis); !status.ok()) {
    return status;
  }
  if (settings.concurrency_ttl_secs == 0) {
    return Invalid("ratelimit.concurrency_ttl_secs must be > 0 for the redis backend");
  }
  return absl::OkStatus();
}

absl::Status CheckProxyAddresses(ProxySettings& proxy) {
  if (absl::Status status = CheckAddress("proxy.addr", proxy.addr); !status.ok()) return status;
  for (size_t i = 0; i < proxy.listeners.size(); ++i) {
    absl::Status status = CheckAddress(Concat("proxy.listeners[", i, "].addr"), proxy.listeners[i].addr);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckWorkers(const ProxySettings& proxy) {
  if (!proxy.workers) return absl::OkStatus();
  if (*proxy.workers == 0) {
    return Invalid(
        "proxy.workers must be at least 1 (omit it to use the parallelism available to the process)");
  }
  if (*proxy.workers > kMaxWorkers) {
    return Invalid(Concat("proxy.workers must be at most ", kMaxWorkers));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(Settings& settings) {
  ProxySettings& proxy = settings.proxy;
  absl::Status status;
  for (size_t i = 0; i < proxy.url_rewrites.size(); ++i) {
    if (status = CheckUrlRewrite(i, proxy.url_rewrites[i]); !status.ok()) return status;
  }
  if (status = CheckSource(settings); !status.ok()) return status;
  if (settings.admin_bound()) {
    if (status = CheckAdmin(settings.admin); !status.ok()) return status;
  }
  if (status = CheckProxyAddresses(proxy); !status.ok()) return status;
  status = CheckNetworks("proxy.real_ip.trusted_proxies", proxy.trusted_proxies);
  if (!status.ok()) return status;
  if (status = CheckAcceptHeaders(proxy.accept_headers); !status.ok()) return status;
  if (status = CheckWorkers(proxy); !status.ok()) return status;
  status = CheckAddress("observability.metrics.prometheus.addr", settings.observability.prometheus_addr);
  if (!status.ok()) return status;
  if (status = CheckRateLimit(settings); !status.ok()) return status;
  if (settings.cache_redis) {
    if (status = CheckRedis("cache.redis", *settings.cache_redis); !status.ok()) return status;
  }
  if (status = CheckTlsPair("upstream", settings.upstream.tls); !status.ok()) return status;

  // Keys beyond the reference come last: they never change which of its messages is seen.
  if (status = CheckAdminSocket(settings.admin); !status.ok()) return status;
  if (settings.egress.deny_cidrs) {
    status = CheckNetworks("egress.deny_cidrs", *settings.egress.deny_cidrs);
    if (!status.ok()) return status;
  }
  return CheckNetworks("egress.redis_networks", settings.egress.redis_networks);
}

}  // namespace aisix::config
