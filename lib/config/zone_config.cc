#include "lib/config/zone_config.h"

#include <limits>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace aisix::config {
namespace {

using Json = nlohmann::json;

// One list of members per struct serves both directions: `codec("name", member)`.

template <typename Codec>
void Members(Codec& codec, CommonPart& part) {
  codec("version", part.version);
  codec("log_level", part.log_level);
  codec("isolation_enforce", part.isolation_enforce);
}

template <typename Codec>
void Members(Codec& codec, ListenerSpec& part) {
  codec("name", part.name);
  codec("address", part.address);
  codec("tls", part.tls);
}

template <typename Codec>
void Members(Codec& codec, FileGrant& part) {
  codec("zone", part.zone);
  codec("name", part.name);
  codec("path", part.path);
  codec("required", part.required);
}

template <typename Codec>
void Members(Codec& codec, SupervisorPart& part) {
  codec("common", part.common);
  codec("listeners", part.listeners);
  codec("files", part.files);
  codec("thread_per_core", part.thread_per_core);
  codec("proxy_workers", part.proxy_workers);
  codec("min_drain_secs", part.min_drain_secs);
  codec("reload_on_sighup", part.reload_on_sighup);
  codec("admin_socket", part.admin_socket);
  codec("service_name", part.service_name);
}

template <typename Codec>
void Members(Codec& codec, TlsMaterial& part) {
  codec("ca_file", part.ca_file);
  codec("client_cert_file", part.client_cert_file);
  codec("client_key_file", part.client_key_file);
  codec("verify", part.verify);
}

template <typename Codec>
void Members(Codec& codec, RedisPart& part) {
  codec("mode", part.mode);
  codec("url", part.url);
  codec("nodes", part.nodes);
  codec("sentinels", part.sentinels);
  codec("master_name", part.master_name);
  codec("username", part.username);
  codec("password", part.password);
  codec("database", part.database);
  codec("tls", part.tls);
}

template <typename Codec>
void Members(Codec& codec, UrlRewrite& part) {
  codec("name", part.name);
  codec("match", part.match);
  codec("rewrite", part.rewrite);
}

template <typename Codec>
void Members(Codec& codec, ClientTypeRule& part) {
  codec("pattern", part.pattern);
  codec("client", part.client);
}

template <typename Codec>
void Members(Codec& codec, Buckets& part) {
  codec("request_e2e_latency", part.request_e2e_latency);
  codec("request_ttft", part.request_ttft);
  codec("guardrail_latency", part.guardrail_latency);
  codec("a2a_ttfb", part.a2a_ttfb);
}

template <typename Codec>
void Members(Codec& codec, UpstreamPart& part) {
  codec("timeout_ms", part.timeout_ms);
  codec("stream_timeout_ms", part.stream_timeout_ms);
  codec("connect_timeout_ms", part.connect_timeout_ms);
  codec("tcp_keepalive_secs", part.tcp_keepalive_secs);
  codec("tcp_keepalive_interval_secs", part.tcp_keepalive_interval_secs);
  codec("tcp_keepalive_retries", part.tcp_keepalive_retries);
  codec("pool_idle_timeout_secs", part.pool_idle_timeout_secs);
  codec("pool_max_idle_per_host", part.pool_max_idle_per_host);
  codec("retries", part.retries);
  codec("tls", part.tls);
}

template <typename Codec>
void Members(Codec& codec, OutboundProxy& part) {
  codec("tls", part.tls);
  codec("host", part.host);
  codec("port", part.port);
  codec("has_credentials", part.has_credentials);
  codec("username", part.username);
  codec("password", part.password);
}

template <typename Codec>
void Members(Codec& codec, OutboundProxies& part) {
  codec("https", part.https);
  codec("http", part.http);
  codec("exceptions", part.exceptions);
}

template <typename Codec>
void Members(Codec& codec, ProxyPart& part) {
  codec("common", part.common);
  codec("listeners", part.listeners);
  codec("workers", part.workers);
  codec("thread_per_core", part.thread_per_core);
  codec("request_body_limit_bytes", part.request_body_limit_bytes);
  codec("trusted_proxies", part.trusted_proxies);
  codec("real_ip_recursive", part.real_ip_recursive);
  codec("real_ip_header", part.real_ip_header);
  codec("request_id_accept_headers", part.request_id_accept_headers);
  codec("url_rewrites", part.url_rewrites);
  codec("upstream", part.upstream);
  codec("outbound_proxies", part.outbound_proxies);
  codec("downstream_idle_timeout_secs", part.downstream_idle_timeout_secs);
  codec("sse_keepalive_interval_secs", part.sse_keepalive_interval_secs);
  codec("buckets", part.buckets);
  codec("client_type_rules", part.client_type_rules);
  codec("env_id", part.env_id);
  codec("ratelimit_backend", part.ratelimit_backend);
  codec("concurrency_ttl_secs", part.concurrency_ttl_secs);
  codec("ratelimit_redis", part.ratelimit_redis);
  codec("cache_redis", part.cache_redis);
  codec("bedrock_endpoint_url", part.bedrock_endpoint_url);
  codec("managed", part.managed);
}

template <typename Codec>
void Members(Codec& codec, EtcdPart& part) {
  codec("endpoints", part.endpoints);
  codec("prefix", part.prefix);
  codec("env_id", part.env_id);
  codec("user", part.user);
  codec("password_env", part.password_env);
  codec("dial_timeout_ms", part.dial_timeout_ms);
  codec("request_timeout_ms", part.request_timeout_ms);
  codec("tls", part.tls);
  codec("tls_domain_name", part.tls_domain_name);
}

template <typename Codec>
void Members(Codec& codec, ManagedPart& part) {
  codec("enabled", part.enabled);
  codec("cp_base_url", part.cp_base_url);
  codec("cp_etcd_endpoint", part.cp_etcd_endpoint);
  codec("cp_cert_pem", part.cp_cert_pem);
  codec("cp_key_pem", part.cp_key_pem);
  codec("cp_ca_pem", part.cp_ca_pem);
  codec("mtls_dir", part.mtls_dir);
  codec("dp_id_file", part.dp_id_file);
  codec("heartbeat_interval_secs", part.heartbeat_interval_secs);
  codec("budget_stale_max_seconds", part.budget_stale_max_seconds);
}

template <typename Codec>
void Members(Codec& codec, AdminPart& part) {
  codec("common", part.common);
  codec("listener", part.listener);
  codec("admin_keys", part.admin_keys);
  codec("read_only", part.read_only);
  codec("socket", part.socket);
  codec("resources_file", part.resources_file);
  codec("etcd", part.etcd);
  codec("managed", part.managed);
  codec("snapshot_cache_path", part.snapshot_cache_path);
  codec("upstream", part.upstream);
  codec("static_destinations", part.static_destinations);
}

template <typename Codec>
void Members(Codec& codec, MetricsPart& part) {
  codec("common", part.common);
  codec("listener", part.listener);
  codec("path", part.path);
}

template <typename Codec>
void Members(Codec& codec, EgressPart& part) {
  codec("common", part.common);
  codec("deny_cidrs", part.deny_cidrs);
  codec("redis_networks", part.redis_networks);
  codec("own_endpoints", part.own_endpoints);
  codec("connect_timeout_ms", part.connect_timeout_ms);
  codec("tcp_keepalive_secs", part.tcp_keepalive_secs);
  codec("tcp_keepalive_interval_secs", part.tcp_keepalive_interval_secs);
  codec("tcp_keepalive_retries", part.tcp_keepalive_retries);
}

class Encoder {
 public:
  template <typename T>
  void operator()(const char* name, T& member) {
    json_[name] = ToJson(member);
  }
  Json Take() { return std::move(json_); }

  template <typename T>
  static Json ToJson(T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return Json(value);
    } else {
      Encoder nested;
      Members(nested, value);
      return nested.Take();
    }
  }
  template <typename T>
  static Json ToJson(std::vector<T>& values) {
    Json list = Json::array();
    for (T& value : values) list.push_back(ToJson(value));
    return list;
  }
  template <typename T>
  static Json ToJson(std::optional<T>& value) {
    return value ? ToJson(*value) : Json(nullptr);
  }

 private:
  Json json_ = Json::object();
};

// Strict: every member must be there with its own type, and nothing else. Both ends are one build, so a
// difference means that the text is not ours.
class Decoder {
 public:
  explicit Decoder(const Json& json) : json_(json) {
    if (!json.is_object()) Fail("not an object");
  }

  template <typename T>
  void operator()(const char* name, T& member) {
    if (!error_.empty()) return;
    auto found = json_.find(name);
    ++seen_;
    if (found == json_.end() || !FromJson(*found, member)) Fail(std::string("bad member ") + name);
  }
  // Empty when everything fitted.
  std::string Finish() {
    if (error_.empty() && json_.size() != seen_) Fail("members that do not belong there");
    return error_;
  }

  static bool FromJson(const Json& json, bool& value) {
    return json.is_boolean() && (value = json.get<bool>(), true);
  }
  static bool FromJson(const Json& json, std::string& value) {
    return json.is_string() && (value = json.get<std::string>(), true);
  }
  static bool FromJson(const Json& json, double& value) {
    return json.is_number() && (value = json.get<double>(), true);
  }
  static bool FromJson(const Json& json, uint64_t& value) {
    return json.is_number_unsigned() && (value = json.get<uint64_t>(), true);
  }
  static bool FromJson(const Json& json, int64_t& value) {
    return json.is_number_integer() && (value = json.get<int64_t>(), true);
  }
  static bool FromJson(const Json& json, uint32_t& value) {
    uint64_t wide = 0;
    if (!FromJson(json, wide) || wide > std::numeric_limits<uint32_t>::max()) return false;
    value = static_cast<uint32_t>(wide);
    return true;
  }
  template <typename T>
  static bool FromJson(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    values.clear();
    for (const Json& element : json) {
      if (!FromJson(element, values.emplace_back())) return false;
    }
    return true;
  }
  template <typename T>
  static bool FromJson(const Json& json, std::optional<T>& value) {
    value.reset();
    return json.is_null() || FromJson(json, value.emplace());
  }
  template <typename T>
  static bool FromJson(const Json& json, T& value) {
    Decoder nested(json);
    Members(nested, value);
    return nested.Finish().empty();
  }

 private:
  void Fail(std::string reason) { error_ = std::move(reason); }

  const Json& json_;
  size_t seen_ = 0;
  std::string error_;
};

template <typename Part>
std::string EncodePart(const char* kind, const Part& part) {
  Part copy = part;  // Members takes a mutable reference for both directions
  Json json = Encoder::ToJson(copy);
  json["part"] = kind;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Part>
absl::StatusOr<Part> DecodePart(std::string_view kind, std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("start-up part: not a JSON object");
  auto found = json.find("part");
  if (found == json.end() || !found->is_string() || found->get_ref<const std::string&>() != kind) {
    return absl::InvalidArgumentError("start-up part: not the part of zone " + std::string(kind));
  }
  json.erase(found);
  Part part;
  Decoder decoder(json);
  Members(decoder, part);
  if (std::string error = decoder.Finish(); !error.empty()) {
    return absl::InvalidArgumentError("start-up part: " + error);
  }
  return part;
}

}  // namespace

std::string Encode(const SupervisorPart& part) {
  return EncodePart("supervisor", part);
}
std::string Encode(const ProxyPart& part) {
  return EncodePart("proxy", part);
}
std::string Encode(const AdminPart& part) {
  return EncodePart("admin", part);
}
std::string Encode(const MetricsPart& part) {
  return EncodePart("metrics", part);
}
std::string Encode(const EgressPart& part) {
  return EncodePart("egress", part);
}

absl::StatusOr<SupervisorPart> DecodeSupervisorPart(std::string_view text) {
  return DecodePart<SupervisorPart>("supervisor", text);
}
absl::StatusOr<ProxyPart> DecodeProxyPart(std::string_view text) {
  return DecodePart<ProxyPart>("proxy", text);
}
absl::StatusOr<AdminPart> DecodeAdminPart(std::string_view text) {
  return DecodePart<AdminPart>("admin", text);
}
absl::StatusOr<MetricsPart> DecodeMetricsPart(std::string_view text) {
  return DecodePart<MetricsPart>("metrics", text);
}
absl::StatusOr<EgressPart> DecodeEgressPart(std::string_view text) {
  return DecodePart<EgressPart>("egress", text);
}

}  // namespace aisix::config
