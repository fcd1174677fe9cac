#include "lib/config/loader/reader.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {
namespace {

absl::Status ReadPrometheus(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "PrometheusConfig", {"enabled", "path", "addr"});
  block.Read("enabled", settings.prometheus_enabled);
  block.Read("path", settings.prometheus_path);
  block.Read("addr", settings.prometheus_addr);
  return block.status();
}

absl::Status ReadMetricsOtlp(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "OtlpMetricsConfig", {"enabled", "endpoint"});
  block.Read("enabled", settings.metrics_otlp_enabled);
  block.Read("endpoint", settings.metrics_otlp_endpoint);
  return block.status();
}

absl::Status ReadClientTypeRule(const Value& value, std::string_view path, ClientTypeRule& rule) {
  BlockReader block(value, path, "ClientTypeRule", {"pattern", "client"});
  block.ReadRequired("pattern", rule.pattern);
  block.ReadRequired("client", rule.client);
  return block.status();
}

absl::Status ReadBuckets(const Value& value, std::string_view path, Buckets& buckets) {
  BlockReader block(value, path, "BucketsConfig",
                    {"request_e2e_latency", "request_ttft", "guardrail_latency", "a2a_ttfb"});
  block.Read("request_e2e_latency", buckets.request_e2e_latency);
  block.Read("request_ttft", buckets.request_ttft);
  block.Read("guardrail_latency", buckets.guardrail_latency);
  block.Read("a2a_ttfb", buckets.a2a_ttfb);
  return block.status();
}

absl::Status ReadMetrics(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "MetricsConfig", {"prometheus", "otlp", "client_type_rules", "buckets"});
  block.ReadBlock("prometheus", [&](const Value& prometheus, std::string_view at) {
    return ReadPrometheus(prometheus, at, settings);
  });
  block.ReadBlock(
      "otlp", [&](const Value& otlp, std::string_view at) { return ReadMetricsOtlp(otlp, at, settings); });
  block.ReadBlockList("client_type_rules", [&](const Value& rule, std::string_view at) {
    return ReadClientTypeRule(rule, at, settings.client_type_rules.emplace_back());
  });
  block.ReadBlock("buckets", [&](const Value& buckets, std::string_view at) {
    return ReadBuckets(buckets, at, settings.buckets);
  });
  return block.status();
}

absl::Status ReadTracingOtlp(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "OtlpTracingConfig", {"enabled", "endpoint", "sample_ratio"});
  block.Read("enabled", settings.tracing_otlp_enabled);
  block.Read("endpoint", settings.tracing_otlp_endpoint);
  block.Read("sample_ratio", settings.tracing_otlp_sample_ratio);
  return block.status();
}

absl::Status ReadTracing(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "TracingConfig", {"otlp"});
  block.ReadBlock(
      "otlp", [&](const Value& otlp, std::string_view at) { return ReadTracingOtlp(otlp, at, settings); });
  return block.status();
}

}  // namespace

ObservabilitySettings::ObservabilitySettings() {
  buckets.request_e2e_latency = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,  2,
                                 5,     10,   30,    60,   120, 300,  420, 600};
  buckets.request_ttft = {0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300};
  buckets.guardrail_latency = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  buckets.a2a_ttfb = buckets.request_ttft;
}

absl::Status ReadObservability(const Value& value, std::string_view path, ObservabilitySettings& settings) {
  BlockReader block(value, path, "ObservabilityConfig",
                    {"service_name", "log_level", "access_log", "metrics", "tracing"});
  block.Read("service_name", settings.service_name);
  block.Read("log_level", settings.log_level);
  block.Read("access_log", settings.access_log);
  block.ReadBlock("metrics", [&](const Value& metrics, std::string_view at) {
    return ReadMetrics(metrics, at, settings);
  });
  block.ReadBlock("tracing", [&](const Value& tracing, std::string_view at) {
    return ReadTracing(tracing, at, settings);
  });
  return block.status();
}

}  // namespace aisix::config
