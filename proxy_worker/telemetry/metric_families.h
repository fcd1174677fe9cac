// The metric families of the data plane (spec 11 §8.1–8.6, 8.8).
#pragma once

#include "lib/config/zone_config.h"
#include "lib/metrics/registry.h"

namespace aisix::proxy {

// Declares them in a registry, before its first shard is added. A value: handles only.
struct MetricFamilies {
  MetricFamilies(metrics::Registry& registry, const config::Buckets& buckets);

  metrics::CounterFamily requests;
  metrics::SummaryFamily request_duration;
  metrics::CounterFamily proxy_requests;
  metrics::CounterFamily proxy_failed_requests;
  metrics::SummaryFamily proxy_request_duration;
  metrics::CounterFamily llm_requests;
  metrics::SummaryFamily llm_request_duration;

  metrics::CounterFamily input_tokens;
  metrics::CounterFamily output_tokens;
  metrics::CounterFamily total_tokens;
  metrics::CounterFamily spend_micro_usd;
  metrics::CounterFamily tokens_consumed;
  metrics::CounterFamily tokens_by_client;

  metrics::HistogramFamily e2e_latency;
  metrics::HistogramFamily ttft;
  metrics::SummaryFamily llm_ttft;

  metrics::GaugeFamily in_flight;
  metrics::CounterFamily client_cancelled;
  metrics::CounterFamily body_limit_rejections;

  metrics::CounterFamily deployment_requests;
  metrics::CounterFamily deployment_successes;
  metrics::CounterFamily deployment_failures;
  metrics::GaugeFamily deployment_state;

  metrics::CounterFamily usage_events_emitted;
  metrics::CounterFamily usage_event_drops;

  metrics::CounterFamily auth_decisions;

  metrics::HistogramFamily snapshot_swap;  // what a loop spent on applying one batch of configuration
};

}  // namespace aisix::proxy
