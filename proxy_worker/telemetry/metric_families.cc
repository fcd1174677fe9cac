#include "proxy_worker/telemetry/metric_families.h"

#include <string>
#include <utility>
#include <vector>

namespace aisix::proxy {
namespace {

using Names = std::vector<std::string>;

// The label sets of spec 11 §8.
const Names kRequest{
    "endpoint",          "inbound_protocol", "provider", "model",   "upstream_model", "provider_key_id",
    "provider_key_name", "api_key_id",       "team_id",  "user_id", "user_name",      "stream",
    "is_fallback",       "status",           "outcome"};
const Names kDuration{"endpoint",       "inbound_protocol", "provider",          "model",
                      "upstream_model", "provider_key_id",  "provider_key_name", "api_key_id",
                      "team_id",        "user_id",          "user_name",         "stream",
                      "status",         "outcome"};
const Names kUsage{"endpoint",       "inbound_protocol", "provider",          "model",
                   "upstream_model", "provider_key_id",  "provider_key_name", "api_key_id",
                   "team_id",        "user_id",          "user_name"};
const Names kLatency{"env_id", "endpoint", "model", "provider", "status_class", "streaming"};
const Names kDeployment{"provider", "model", "upstream_model", "provider_key_id"};

std::vector<double> EdgesOr(const std::vector<double>& configured, std::vector<double> built_in) {
  return configured.empty() ? std::move(built_in) : configured;
}

}  // namespace

MetricFamilies::MetricFamilies(metrics::Registry& registry, const config::Buckets& buckets)
    : requests(registry.AddCounter("aisix_requests_total", {"provider", "model", "status", "outcome"})),
      request_duration(
          registry.AddSummary("aisix_request_duration_seconds", {"provider", "model", "status"})),
      proxy_requests(registry.AddCounter("aisix_proxy_requests_total", kRequest)),
      proxy_failed_requests(registry.AddCounter("aisix_proxy_failed_requests_total", kRequest)),
      proxy_request_duration(registry.AddSummary("aisix_proxy_request_duration_seconds", kDuration)),
      llm_requests(registry.AddCounter("aisix_llm_requests_total", kRequest)),
      llm_request_duration(registry.AddSummary("aisix_llm_request_duration_seconds", kDuration)),
      input_tokens(registry.AddCounter("aisix_llm_input_tokens_total", kUsage)),
      output_tokens(registry.AddCounter("aisix_llm_output_tokens_total", kUsage)),
      total_tokens(registry.AddCounter("aisix_llm_total_tokens_total", kUsage)),
      spend_micro_usd(registry.AddCounter("aisix_llm_spend_micro_usd_total", kUsage)),
      tokens_consumed(registry.AddCounter("aisix_tokens_consumed_total", {"provider", "model"})),
      tokens_by_client(
          registry.AddCounter("aisix_llm_tokens_by_client_total", {"client_type", "model", "token_type"})),
      e2e_latency(registry.AddHistogram(
          "aisix_request_e2e_latency_seconds", kLatency,
          EdgesOr(buckets.request_e2e_latency,
                  {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 420, 600}))),
      ttft(registry.AddHistogram(
          "aisix_request_ttft_seconds", kLatency,
          EdgesOr(buckets.request_ttft, {0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}))),
      llm_ttft(registry.AddSummary("aisix_llm_time_to_first_token_seconds", kUsage)),
      in_flight(registry.AddGauge("aisix_proxy_in_flight_requests", {"endpoint", "inbound_protocol"})),
      client_cancelled(registry.AddCounter("aisix_proxy_client_cancelled_requests_total",
                                           {"endpoint", "model", "provider_key_id", "provider_key_name"})),
      body_limit_rejections(registry.AddCounter("aisix_proxy_request_body_limit_rejections_total",
                                                {"endpoint", "inbound_protocol", "outcome"})),
      deployment_requests(registry.AddCounter("aisix_deployment_requests_total", kDeployment)),
      deployment_successes(registry.AddCounter("aisix_deployment_success_responses_total", kDeployment)),
      deployment_failures(registry.AddCounter("aisix_deployment_failure_responses_total", kDeployment)),
      deployment_state(
          registry.AddGauge("aisix_deployment_state", kDeployment, metrics::GaugeMerge::kLatest)),
      usage_events_emitted(registry.AddCounter(
          "aisix_usage_events_emitted_total",
          {"handler", "status_code", "inbound_protocol", "model", "provider_key_id", "provider_key_name"})),
      usage_event_drops(registry.AddCounter("aisix_usage_event_drops_total",
                                            {"reason", "model", "provider_key_id", "provider_key_name"})),
      auth_decisions(registry.AddCounter("aisix_auth_decisions_total", {"method", "result", "reason"})),
      snapshot_swap(registry.AddHistogram("aisix_snapshot_swap_seconds", {},
                                          {0.000001, 0.00001, 0.0001, 0.001, 0.01, 0.1})) {}

}  // namespace aisix::proxy
