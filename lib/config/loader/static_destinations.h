// Where the start-up configuration leads: what egress may dial beside the destinations of the resources.
#pragma once

#include <string>
#include <vector>

#include "lib/config/loader/settings.h"

namespace aisix::config {

// Canonical host:port without any credential, sorted, each once: outbound proxies, Redis servers, the Bedrock
// endpoint of guardrails. What cannot be read leads nowhere.
std::vector<std::string> StaticDestinations(const Settings& settings);

// Whether Redis may name peers that the configuration does not: cluster nodes, the master behind sentinels.
// Only then do `egress.redis_networks` open anything.
bool RedisDiscoversPeers(const Settings& settings);

}  // namespace aisix::config
