#include "egress_worker/dial_metrics.h"

namespace aisix::egress {
namespace {

using ipc::DialOutcome;

std::string_view SourceLabel(const dns::Result& result) {
  if (!result.ok()) return absl::IsNotFound(result.status()) ? "not_found" : "failed";
  switch (result->source) {
    case dns::Source::kAddress:
      return "address";
    case dns::Source::kFile:
      return "file";
    case dns::Source::kCache:
      return "cache";
    case dns::Source::kStale:
      return "stale";
    case dns::Source::kServer:
      return "server";
  }
  return "failed";
}

}  // namespace

std::string_view OutcomeLabel(DialOutcome outcome) {
  switch (outcome) {
    case DialOutcome::kConnected:
      return "connected";
    case DialOutcome::kNotConfigured:
      return "not_configured";
    case DialOutcome::kDenied:
      return "denied";
    case DialOutcome::kNotResolved:
      return "not_resolved";
    case DialOutcome::kConnectFailed:
      return "connect_failed";
    case DialOutcome::kTimedOut:
      return "timed_out";
    case DialOutcome::kOverloaded:
      return "overloaded";
    case DialOutcome::kBadRequest:
      return "bad_request";
  }
  return "other";
}

DialMetrics::DialMetrics(metrics::Registry& registry)
    : dials_(registry.AddCounter("aisix_egress_dials_total", {"destination", "outcome"})),
      in_flight_(registry.AddGauge("aisix_egress_dials_in_flight", {"destination"})),
      duration_(registry.AddSummary("aisix_egress_dial_duration_seconds", {"destination"})),
      look_ups_(registry.AddCounter("aisix_egress_lookups_total", {"source"})) {}

void DialMetrics::Start(metrics::Shard& shard) {
  shard_ = &shard;
}

std::string_view DialMetrics::LabelOf(const std::string& destination) {
  auto found = labels_.find(destination);
  if (found != labels_.end()) return *found;
  if (labels_.size() >= kMaxLabels) return kOther;
  return *labels_.insert(destination).first;
}

void DialMetrics::Began(std::string_view label) {
  shard_->Get(in_flight_, {label}).Add(1);
}

void DialMetrics::Moved(std::string_view from, std::string_view to) {
  if (from == to) return;
  shard_->Get(in_flight_, {from}).Add(-1);
  shard_->Get(in_flight_, {to}).Add(1);
}

void DialMetrics::Ended(std::string_view label, std::string_view outcome) {
  shard_->Get(in_flight_, {label}).Add(-1);
  shard_->Get(dials_, {label, outcome}).Add();
}

void DialMetrics::Connected(std::string_view label, double seconds, uint64_t now_ms) {
  shard_->Get(duration_, {label}).Record(seconds, now_ms);
}

void DialMetrics::LookedUp(const dns::Result& result) {
  shard_->Get(look_ups_, {SourceLabel(result)}).Add();
}

}  // namespace aisix::egress
