// What one loop records about its requests: metrics and structured lines (spec 11 §3, §8). One object per
// loop, used on it only; in the steady state nothing here allocates or locks.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "lib/config/zone_config.h"
#include "lib/log/logger.h"
#include "lib/metrics/registry.h"
#include "proxy_worker/pipeline/request_context.h"
#include "proxy_worker/telemetry/client_type.h"
#include "proxy_worker/telemetry/metric_families.h"
#include "proxy_worker/telemetry/request_lines.h"
#include "proxy_worker/telemetry/request_series.h"

namespace aisix::proxy {

class RequestRecorder {
 public:
  // Everything is borrowed and outlives the recorder; `shard` is this loop's.
  RequestRecorder(const MetricFamilies& families, metrics::Shard& shard, log::Logger& logger,
                  const ClientTypeRules& client_types, const config::ProxyPart& config);
  RequestRecorder(const RequestRecorder&) = delete;
  RequestRecorder& operator=(const RequestRecorder&) = delete;

  // Lives as long as the rules.
  std::string_view ClientType(std::string_view user_agent) { return client_types_.Classify(user_agent); }

  // The request is in flight from now on. endpoint_template is set.
  void Arrive(const RequestContext& context);
  // `caller`: the key that matched, if one did.
  void Authentication(const RequestContext& context, AuthReason reason, const CallerKey* caller);
  void BodyLimitRejection(const RequestContext& context, const BodyLimitRefusal& refusal);

  // The response, or the head of a stream, is handed over: no longer in flight; access line and request
  // families. context.status and head_ns are set. Once per request.
  void Head(RequestContext& context);
  // An attempt failed and another one follows.
  void FailedAttempt(const RequestContext& context);
  // Everything is known: of a buffered response before it is written, of a stream after its end, or (status
  // 0) the caller left before there was a head. Calls Head when nobody did. Later calls do nothing.
  void Settle(RequestContext& context);

 private:
  void MakeRequestSeries(const RequestContext& context, RequestSeries& series);
  void MakeTokenSeries(const RequestContext& context, RequestSeries& series, bool spend);
  void Cancelled(RequestContext& context);
  void CountAttempt(const RequestContext& context, RequestSeries& series, int status);
  void CountTokens(const RequestContext& context, RequestSeries& series);
  void UsageEvent(const RequestContext& context, RequestSeries& series, int status);
  void Latency(const RequestContext& context, RequestSeries& series, uint64_t ended_ns);
  metrics::Gauge& InFlight(std::string_view endpoint_template);
  uint64_t NowMs(const RequestContext& context) const;

  const MetricFamilies& families_;
  metrics::Shard& shard_;
  RequestLines lines_;
  const config::ProxyPart& config_;
  ClientTypeCache client_types_;
  RequestSeriesCache series_;
  absl::flat_hash_map<const char*, metrics::Gauge*> in_flight_;  // by address of the template: static texts
  const char* last_template_ = nullptr;                          // whose gauge is last_in_flight_
  metrics::Gauge* last_in_flight_ = nullptr;
  std::array<metrics::Counter*, kAuthReasons> auth_decisions_{};
};

}  // namespace aisix::proxy
