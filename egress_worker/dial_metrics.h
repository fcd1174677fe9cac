// What egress counts, by destination.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/node_hash_set.h"
#include "lib/dns/resolver.h"
#include "lib/ipc/dial_protocol.h"
#include "lib/metrics/registry.h"

namespace aisix::egress {

// Make it before the registry's first shard. Recording: loop thread only.
//
// The label `destination` is bounded: the first kMaxLabels configured destinations that are dialled have a
// label of their own, later ones share "other", what Redis named is "redis_peer", and what is not configured
// is "unlisted", so that nobody who dials can make up labels. Series of destinations that are not configured
// any more stay, as counters should.
class DialMetrics {
 public:
  static constexpr size_t kMaxLabels = 200;
  static constexpr std::string_view kOther = "other";
  static constexpr std::string_view kUnlisted = "unlisted";
  static constexpr std::string_view kRedisPeer = "redis_peer";

  explicit DialMetrics(metrics::Registry& registry);

  // After the registry was closed for new families.
  void Start(metrics::Shard& shard);

  // The label of a configured destination. Valid as long as this object.
  std::string_view LabelOf(const std::string& destination);

  void Began(std::string_view label);
  // A dial that began under one label turns out to have another.
  void Moved(std::string_view from, std::string_view to);
  void Ended(std::string_view label, std::string_view outcome);
  void Connected(std::string_view label, double seconds, uint64_t now_ms);
  void LookedUp(const dns::Result& result);

 private:
  metrics::CounterFamily dials_;     // by destination and outcome
  metrics::GaugeFamily in_flight_;   // by destination
  metrics::SummaryFamily duration_;  // by destination, of connected ones, seconds
  metrics::CounterFamily look_ups_;  // by source
  metrics::Shard* shard_ = nullptr;
  absl::node_hash_set<std::string> labels_;
};

// "connected", "not_configured" …
std::string_view OutcomeLabel(ipc::DialOutcome outcome);

}  // namespace aisix::egress
