#include "lib/config/loader/warnings.h"

#include <algorithm>
#include <string_view>

#include "lib/config/loader/address.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

// Accepted keys whose feature is still to be built: whoever builds it takes its row out. A row stands for the
// key and everything below it; `matters` leaves out values that ask for nothing.
struct Unbuilt {
  std::string_view key;
  bool (*matters)(const Settings&);
};

bool Always(const Settings&) {
  return true;
}

constexpr Unbuilt kUnbuilt[] = {
    {"proxy.url_rewrites", [](const Settings& settings) { return !settings.proxy.url_rewrites.empty(); }},
    {"admin.socket",
     [](const Settings& settings) { return settings.admin.socket && !settings.admin.socket->empty(); }},
    {"observability.metrics.buckets.guardrail_latency", Always},
    {"observability.metrics.buckets.a2a_ttfb", Always},
    {"cache.backend", [](const Settings& settings) { return settings.cache_backend != "memory"; }},
    {"cache.redis", Always},
    {"ratelimit.backend", [](const Settings& settings) { return settings.ratelimit_backend != "memory"; }},
    {"ratelimit.redis", Always},
    {"ratelimit.concurrency_ttl_secs", Always},
    {"managed", [](const Settings& settings) { return settings.managed.enabled; }},
    {"bedrock_endpoint_url", [](const Settings& settings) { return !settings.bedrock_endpoint_url.empty(); }},
    {"egress.redis_networks",
     [](const Settings& settings) { return !settings.egress.redis_networks.empty(); }},
};

bool Given(const std::vector<std::string>& keys, std::string_view wanted) {
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) {
    return ConsumePrefix(key, wanted) && (key.empty() || key[0] == '.');
  });
}

bool IsLocalEndpoint(std::string_view endpoint) {
  size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  endpoint = endpoint.substr(0, endpoint.find('/'));
  std::string_view host = endpoint.substr(0, endpoint.rfind(':'));
  if (EqualsIgnoringCase(host, "localhost")) return true;
  auto address = CanonicalSocketAddress(Concat(host, ":1"));
  return address && ReachOf(*address) == Reach::kLoopback;
}

void WarnOfListeners(const Settings& settings, std::vector<std::string>& warnings) {
  if (settings.admin_bound()) {
    Reach reach = ReachOf(settings.admin.addr);
    if (reach == Reach::kPublic) {
      warnings.push_back(Concat("admin.addr ", settings.admin.addr,
                                " is a public address: whoever reaches it may try admin keys"));
    }
    if (reach != Reach::kLoopback && !settings.admin.tls) {
      warnings.push_back(Concat("admin.addr ", settings.admin.addr,
                                " is not a loopback address and admin.tls is not set: admin keys and "
                                "resources cross the network in clear text"));
    }
  }
  const ObservabilitySettings& observability = settings.observability;
  if (observability.prometheus_enabled && ReachOf(observability.prometheus_addr) == Reach::kPublic) {
    warnings.push_back(Concat("observability.metrics.prometheus.addr ", observability.prometheus_addr,
                              " is a public address: metrics and status need no key there"));
  }
}

void WarnOfPlainEtcd(const Settings& settings, std::vector<std::string>& warnings) {
  if (!settings.etcd_mode()) return;
  for (const std::string& endpoint : settings.etcd->endpoints) {
    bool plain =
        Lower(endpoint).starts_with("http://") || (!Contains(endpoint, "://") && !settings.etcd->tls);
    if (!plain || IsLocalEndpoint(endpoint)) continue;
    warnings.emplace_back(
        "etcd.endpoints names another host without TLS: resources with their credentials cross the network "
        "in "
        "clear text");
    return;
  }
}

void WarnOfEnvironment(const Environment& environment, std::vector<std::string>& warnings) {
  for (const char* name : {"GUARDRAIL_LOCAL_MODEL_THRESHOLD", "GUARDRAIL_LOCAL_MODEL_PROTOTYPES",
                           "GUARDRAIL_LOCAL_MODEL_RULE_WINDOW"}) {
    if (environment.contains(name)) warnings.push_back(Concat(name, " is retired and ignored"));
  }
  for (const char* name : {"GUARDRAIL_LOCAL_MODEL_DIR", "GUARDRAIL_LOCAL_MODEL_LANES"}) {
    if (environment.contains(name)) {
      warnings.push_back(Concat(name, " is ignored: guardrails on a local model are not supported"));
    }
  }
}

}  // namespace

std::vector<std::string> KeysWithoutEffect(const Loaded& loaded) {
  std::vector<std::string> keys;
  for (const Unbuilt& row : kUnbuilt) {
    if (Given(loaded.given_keys, row.key) && row.matters(loaded.settings)) keys.emplace_back(row.key);
  }
  return keys;
}

std::vector<std::string> StartWarnings(const Loaded& loaded, const Environment& environment) {
  std::vector<std::string> warnings;
  std::vector<std::string> keys = KeysWithoutEffect(loaded);
  if (!keys.empty()) {
    warnings.push_back(Concat("accepted, but without effect in this version: ", Join(keys, ", ")));
  }
  WarnOfListeners(loaded.settings, warnings);
  WarnOfPlainEtcd(loaded.settings, warnings);
  if (!loaded.settings.upstream.tls.verify) {
    warnings.emplace_back("upstream.tls.verify is false: any certificate of a provider is accepted");
  }
  WarnOfEnvironment(environment, warnings);
  return warnings;
}

}  // namespace aisix::config
