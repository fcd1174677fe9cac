// The routing block of a model group (spec 03 §3.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aisix::model {

enum class RoutingStrategy : uint8_t {
  kFailover,
  kRoundRobin,
  kConsistentHash,
  kLeastCost,
  kLeastLatency,
  kLeastBusy
};

struct RoutingTarget {
  std::string model;  // exact display_name of a direct model
  uint32_t weight = 1;
  int32_t priority = 0;
  std::vector<std::string> tags;
};

enum class HashSourceType : uint8_t { kHeader, kCookie, kApiKey, kClientIp };

struct HashSource {
  HashSourceType type = HashSourceType::kApiKey;
  std::optional<std::string> name;  // of the header or cookie
};

enum class WhenAllUnavailable : uint8_t { kFail, kTryAnyway };

struct Routing {
  RoutingStrategy strategy = RoutingStrategy::kFailover;
  std::vector<RoutingTarget> targets;
  std::optional<uint32_t> retries;
  std::optional<uint32_t> max_fallbacks;
  bool retry_on_429 = false;
  std::vector<uint16_t> fallback_on_statuses;
  WhenAllUnavailable when_all_unavailable = WhenAllUnavailable::kFail;
  std::vector<HashSource> hash_on;  // empty: header x-aisix-routing-key, then api_key
};

}  // namespace aisix::model
