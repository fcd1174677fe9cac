#include "lib/model/routing.h"

#include "lib/model/decode/blocks.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<RoutingStrategy>> EnumNames(const RoutingStrategy*) {
  static constexpr EnumName<RoutingStrategy> kNames[] = {
      {"failover", RoutingStrategy::kFailover},
      {"round_robin", RoutingStrategy::kRoundRobin},
      {"consistent_hash", RoutingStrategy::kConsistentHash},
      {"least_cost", RoutingStrategy::kLeastCost},
      {"least_latency", RoutingStrategy::kLeastLatency},
      {"least_busy", RoutingStrategy::kLeastBusy}};
  return kNames;
}

std::span<const EnumName<HashSourceType>> EnumNames(const HashSourceType*) {
  static constexpr EnumName<HashSourceType> kNames[] = {{"header", HashSourceType::kHeader},
                                                        {"cookie", HashSourceType::kCookie},
                                                        {"api_key", HashSourceType::kApiKey},
                                                        {"client_ip", HashSourceType::kClientIp}};
  return kNames;
}

std::span<const EnumName<WhenAllUnavailable>> EnumNames(const WhenAllUnavailable*) {
  static constexpr EnumName<WhenAllUnavailable> kNames[] = {{"fail", WhenAllUnavailable::kFail},
                                                            {"try_anyway", WhenAllUnavailable::kTryAnyway}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, RoutingTarget& target) {
  reader.Need("model", target.model);
  reader.Get("weight", target.weight);
  reader.Get("priority", target.priority);
  reader.Get("tags", target.tags);
}

void ReadMembers(ObjectReader& reader, HashSource& source) {
  reader.Need("type", source.type);
  reader.Get("name", source.name);
}

void ReadMembers(ObjectReader& reader, Routing& routing) {
  reader.Get("strategy", routing.strategy);
  reader.Need("targets", routing.targets);
  reader.Get("retries", routing.retries);
  reader.Get("max_fallbacks", routing.max_fallbacks);
  reader.Get("retry_on_429", routing.retry_on_429);
  reader.Get("fallback_on_statuses", routing.fallback_on_statuses);
  reader.Get("when_all_unavailable", routing.when_all_unavailable);
  reader.Get("hash_on", routing.hash_on);
}

}  // namespace aisix::model
