#include "lib/config/loader/static_destinations.h"

#include <optional>
#include <set>

#include "lib/config/loader/text.h"
#include "lib/url/url.h"

namespace aisix::config {
namespace {

constexpr uint16_t kRedisPort = 6379;
constexpr uint16_t kSentinelPort = 26379;

class Collected {
 public:
  void Add(const std::optional<OutboundProxy>& proxy) {
    if (proxy) names_.insert(url::Canonical({proxy->host, static_cast<uint16_t>(proxy->port)}));
  }
  // A URL, "host:port" or "host".
  void Add(std::string_view text, uint16_t default_port) {
    text = Trim(text);
    if (text.empty()) return;
    const bool has_scheme = text.find("://") != std::string_view::npos;
    absl::StatusOr<url::Url> url = url::Parse(has_scheme ? std::string(text) : Concat("redis://", text));
    if (!url.ok()) return;
    if (!url->explicit_port && default_port != 0) url->port = default_port;
    if (url->port != 0) names_.insert(url::Canonical(url->endpoint()));
  }
  void Add(const std::optional<RedisPart>& redis) {
    if (!redis) return;
    if (redis->mode == "single") Add(redis->url, kRedisPort);
    if (redis->mode == "cluster") {
      for (const std::string& node : redis->nodes) Add(node, kRedisPort);
    }
    if (redis->mode == "sentinel") {
      for (const std::string& sentinel : redis->sentinels) Add(sentinel, kSentinelPort);
    }
  }
  std::vector<std::string> Take() { return {names_.begin(), names_.end()}; }

 private:
  std::set<std::string> names_;
};

std::optional<RedisPart> LimiterRedis(const Settings& settings) {
  return settings.ratelimit_backend == "redis" ? settings.ratelimit_redis : std::nullopt;
}

}  // namespace

std::vector<std::string> StaticDestinations(const Settings& settings) {
  Collected result;
  result.Add(settings.outbound_proxies.https);
  result.Add(settings.outbound_proxies.http);
  result.Add(settings.cache_redis);
  result.Add(LimiterRedis(settings));
  result.Add(settings.bedrock_endpoint_url, 0);
  return result.Take();
}

bool RedisDiscoversPeers(const Settings& settings) {
  const auto discovers = [](const std::optional<RedisPart>& redis) {
    return redis && redis->mode != "single";
  };
  return discovers(settings.cache_redis) || discovers(LimiterRedis(settings));
}

}  // namespace aisix::config
