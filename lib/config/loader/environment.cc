#include "lib/config/loader/environment.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

constexpr std::string_view kPrefix = "aisix_";

// Documented variables that are not start-up keys though they look like ones (spec 01 §3.4).
constexpr std::array<std::string_view, 3> kExempt = {"aisix_config", "aisix_config_path",
                                                     "aisix_dp_budget_stale_max_seconds"};

// Lists that a comma-separated text may set. The lists of Redis nodes and of networks are ours beyond the
// reference: there a text would not be a sequence at all.
constexpr std::array<std::string_view, 14> kListPaths = {
    "etcd.endpoints",
    "admin.admin_keys",
    "proxy.real_ip.trusted_proxies",
    "proxy.request_id.accept_headers",
    "observability.metrics.buckets.request_e2e_latency",
    "observability.metrics.buckets.request_ttft",
    "observability.metrics.buckets.guardrail_latency",
    "observability.metrics.buckets.a2a_ttfb",
    "cache.redis.nodes",
    "cache.redis.sentinels",
    "ratelimit.redis.nodes",
    "ratelimit.redis.sentinels",
    "egress.deny_cidrs",
    "egress.redis_networks",
};

// "proxy__workers" -> "proxy.workers"
std::string DottedPath(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    bool boundary = ConsumePrefix(name, "__");
    path += boundary ? '.' : name.front();
    if (!boundary) name.remove_prefix(1);
  }
  return path;
}

template <size_t size>
bool OneOf(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Value GuessType(std::string_view path, std::string_view text) {
  if (EqualsIgnoringCase(text, "true")) return Value::Boolean(true, kEnvironmentOrigin);
  if (EqualsIgnoringCase(text, "false")) return Value::Boolean(false, kEnvironmentOrigin);
  if (auto integer = ParseSigned(text)) return Value::Integer(*integer, kEnvironmentOrigin);
  if (auto real = ParseFloat(text)) return Value::Float(*real, kEnvironmentOrigin);
  if (OneOf(kListPaths, path)) {
    Value list = Value::List(kEnvironmentOrigin);
    for (std::string_view element : Split(text, ',')) {
      list.elements.push_back(Value::String(element, kEnvironmentOrigin));
    }
    return list;
  }
  return Value::String(text, kEnvironmentOrigin);
}

absl::Status ApplyEnvironment(const Environment& environment, Value& root) {
  for (const auto& [name, text] : environment) {
    std::string lower = Lower(name);
    if (!lower.starts_with(kPrefix) || OneOf(kExempt, lower)) continue;
    if (!IsUtf8(text) || !IsUtf8(name)) {
      return absl::InvalidArgumentError(
          Concat("environment variable ", Quote(IsUtf8(name) ? name : "AISIX_…"), " is not valid UTF-8"));
    }
    std::string path = DottedPath(std::string_view(lower).substr(kPrefix.size()));
    Value* place = &root;
    for (std::string_view key : Split(path, '.')) place = &place->At(key);
    *place = GuessType(path, text);
  }
  return absl::OkStatus();
}

}  // namespace aisix::config
