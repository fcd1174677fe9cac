#include "proxy_worker/telemetry/request_recorder.h"

#include <uv.h>

#include "proxy_worker/telemetry/labels.h"

namespace aisix::proxy {
namespace {

constexpr uint64_t kNsPerMs = 1000000;
constexpr int kClientClosed = 499;
constexpr std::string_view kSinkDisabled = "sink_disabled";

double Seconds(uint64_t from_ns, uint64_t to_ns) {
  return to_ns > from_ns ? static_cast<double>(to_ns - from_ns) * 1e-9 : 0.0;
}

// Chat, messages and responses are the endpoints with latency histograms and per-attempt records.
bool HasAttempts(Endpoint endpoint) {
  return endpoint == Endpoint::kChatCompletions || endpoint == Endpoint::kMessages ||
         endpoint == Endpoint::kResponses;
}

// The value set of usage-event counters is narrower than that of the request families (spec 11 §7.4).
std::string_view UsageProtocol(std::string_view inbound_protocol) {
  if (inbound_protocol == "openai" || inbound_protocol == "anthropic" || inbound_protocol == "mcp") {
    return inbound_protocol;
  }
  return "other";
}

// A failure that another attempt might not have: what counts against a model's health (spec 08).
bool CountsAgainstHealth(const Attempt& attempt, int status) {
  switch (attempt.error_class) {
    case usage::ErrorClass::kNone:
    case usage::ErrorClass::kInvalidConfig:
    case usage::ErrorClass::kInvalidCredentials:
      return false;
    case usage::ErrorClass::kUpstreamStatus:
    case usage::ErrorClass::kUpstreamInBand:
      return status < 400 || status >= 500;
    default:
      return true;
  }
}

}  // namespace

RequestRecorder::RequestRecorder(const MetricFamilies& families, metrics::Shard& shard, log::Logger& logger,
                                 const ClientTypeRules& client_types, const config::ProxyPart& config)
    : families_(families), shard_(shard), lines_(logger), config_(config), client_types_(client_types) {}

uint64_t RequestRecorder::NowMs(const RequestContext& context) const {
  return (context.head_ns != 0 ? context.head_ns : uv_hrtime()) / kNsPerMs;
}

metrics::Gauge& RequestRecorder::InFlight(std::string_view endpoint_template) {
  if (endpoint_template.data() == last_template_) return *last_in_flight_;
  metrics::Gauge*& gauge = in_flight_[endpoint_template.data()];
  if (gauge == nullptr) {
    gauge = &shard_.Get(families_.in_flight, {endpoint_template, InboundProtocol(endpoint_template)});
  }
  last_template_ = endpoint_template.data();
  last_in_flight_ = gauge;
  return *gauge;
}

void RequestRecorder::Arrive(const RequestContext& context) {
  InFlight(context.endpoint_template).Add(1);
}

void RequestRecorder::Authentication(const RequestContext& context, AuthReason reason,
                                     const CallerKey* caller) {
  metrics::Counter*& counter = auth_decisions_[static_cast<size_t>(reason)];
  if (counter == nullptr) {
    bool allowed = reason == AuthReason::kNone;
    counter = &shard_.Get(families_.auth_decisions,
                          {AuthMethod(reason), allowed ? "allowed" : "denied", AuthReasonLabel(reason)});
  }
  counter->Add();
  if (reason != AuthReason::kNone) lines_.AuthenticationRefused(context, reason, caller);
}

void RequestRecorder::BodyLimitRejection(const RequestContext& context, const BodyLimitRefusal& refusal) {
  shard_
      .Get(families_.body_limit_rejections,
           {context.endpoint_template, InboundProtocol(context.endpoint_template),
            DrainLabel(refusal.outcome)})
      .Add();
  lines_.BodyLimitRefused(context, refusal, uv_hrtime() / kNsPerMs);
}

void RequestRecorder::Head(RequestContext& context) {
  context.head_recorded = true;
  InFlight(context.endpoint_template).Add(-1);
  if (context.recording == Recording::kNothing) return;

  RequestSeries& series = series_.Find(context, context.status);
  if (series.requests == nullptr) MakeRequestSeries(context, series);
  series.Prefetch();
  const uint64_t now_ms = NowMs(context);
  const double seconds = Seconds(context.received_ns, context.head_ns);
  series.requests->Add();
  series.request_duration->Record(seconds, now_ms);
  series.proxy_requests->Add();
  series.proxy_request_duration->Record(seconds, now_ms);
  if (series.proxy_failed_requests != nullptr) series.proxy_failed_requests->Add();
  if (series.llm_requests != nullptr) {
    series.llm_requests->Add();
    series.llm_request_duration->Record(seconds, now_ms);
  }
  lines_.Access(context);
}

void RequestRecorder::MakeRequestSeries(const RequestContext& context, RequestSeries& series) {
  const RequestLabels l(context, context.status);
  series.requests = &shard_.Get(families_.requests, {l.provider, l.model, l.status(), l.outcome});
  series.request_duration = &shard_.Get(families_.request_duration, {l.provider, l.model, l.status()});
  const auto all = {
      l.endpoint,          l.inbound_protocol, l.provider, l.model,   l.upstream_model, l.provider_key_id,
      l.provider_key_name, l.api_key_id,       l.team_id,  l.user_id, l.user_name,      l.stream,
      l.is_fallback,       l.status(),         l.outcome};
  const auto duration = {l.endpoint,       l.inbound_protocol, l.provider,          l.model,
                         l.upstream_model, l.provider_key_id,  l.provider_key_name, l.api_key_id,
                         l.team_id,        l.user_id,          l.user_name,         l.stream,
                         l.status(),       l.outcome};
  series.proxy_requests = &shard_.Get(families_.proxy_requests, all);
  series.proxy_request_duration = &shard_.Get(families_.proxy_request_duration, duration);
  if (l.outcome != "success") {
    series.proxy_failed_requests = &shard_.Get(families_.proxy_failed_requests, all);
  }
  if (IsLlm(context.endpoint)) {
    series.llm_requests = &shard_.Get(families_.llm_requests, all);
    series.llm_request_duration = &shard_.Get(families_.llm_request_duration, duration);
  }
}

void RequestRecorder::FailedAttempt(const RequestContext& context) {
  const int status = context.attempt.status;
  RequestSeries& series = series_.Find(context, status);
  CountAttempt(context, series, status);
  UsageEvent(context, series, status);
}

void RequestRecorder::CountAttempt(const RequestContext& context, RequestSeries& series, int status) {
  if (!context.attempt.reached_upstream || context.target == nullptr) return;
  const bool success = Outcome(status) == "success";
  if (series.deployment_requests == nullptr) {
    const RequestLabels l(context, status);
    const auto labels = {l.target_provider, l.target_model, l.target_upstream_model, l.provider_key_id};
    series.deployment_requests = &shard_.Get(families_.deployment_requests, labels);
    series.deployment_result =
        &shard_.Get(success ? families_.deployment_successes : families_.deployment_failures, labels);
    // Written when a target first answers; nothing marks one as down yet.
    if (success) shard_.Get(families_.deployment_state, labels).Set(0);
  }
  series.deployment_requests->Add();
  series.deployment_result->Add();
  if (success) {
    context.target->health->RecordSuccess();
  } else if (CountsAgainstHealth(context.attempt, status)) {
    context.target->health->RecordFailure();
  }
}

void RequestRecorder::UsageEvent(const RequestContext& context, RequestSeries& series, int status) {
  const std::string_view handler = HandlerLabel(context.endpoint);
  if (handler.empty()) return;
  if (series.usage_emitted == nullptr) {
    const RequestLabels l(context, status);
    const std::string_view model = context.requested_model.empty() ? kUnknown : l.model;
    series.usage_emitted = &shard_.Get(families_.usage_events_emitted,
                                       {handler, l.status_class, UsageProtocol(l.inbound_protocol), model,
                                        l.provider_key_id, l.provider_key_name});
    // No managed-mode queue exists: every event is emitted and dropped (spec 11 §8.6).
    series.usage_dropped = &shard_.Get(families_.usage_event_drops,
                                       {kSinkDisabled, model, l.provider_key_id, l.provider_key_name});
  }
  series.usage_emitted->Add();
  series.usage_dropped->Add();
  if (!context.provider_request_id.empty()) lines_.ProviderCall(context, handler, status);
}

void RequestRecorder::CountTokens(const RequestContext& context, RequestSeries& series) {
  const usage::TokenCounts& tokens = context.tokens;
  const uint64_t total = tokens.CacheInclusiveTotal();
  if (total == 0) return;
  uint64_t spend = 0;
  const Model* priced = context.target != nullptr ? context.target : context.match.model;
  if (!config_.managed && priced != nullptr && priced->document->cost) {
    spend = usage::CostMicroUsd(
        tokens, usage::Price{priced->document->cost->input_per_1k, priced->document->cost->output_per_1k});
  }
  if (series.total_tokens == nullptr || (series.spend == nullptr && spend > 0) ||
      (series.input_tokens == nullptr && tokens.prompt > 0) ||
      (series.output_tokens == nullptr && tokens.completion > 0)) {
    MakeTokenSeries(context, series, spend > 0);
  }
  if (tokens.prompt > 0) {
    series.input_tokens->Add(tokens.prompt);
    series.tokens_by_client[0]->Add(tokens.prompt);
  }
  if (tokens.completion > 0) {
    series.output_tokens->Add(tokens.completion);
    series.tokens_by_client[1]->Add(tokens.completion);
  }
  series.total_tokens->Add(total);
  series.tokens_by_client[2]->Add(total);
  series.tokens_consumed->Add(total);
  if (spend > 0) series.spend->Add(spend);
}

void RequestRecorder::MakeTokenSeries(const RequestContext& context, RequestSeries& series, bool spend) {
  const RequestLabels l(context, context.status);
  const auto labels = {l.endpoint,       l.inbound_protocol, l.provider,          l.model,
                       l.upstream_model, l.provider_key_id,  l.provider_key_name, l.api_key_id,
                       l.team_id,        l.user_id,          l.user_name};
  if (context.tokens.prompt > 0) {
    series.input_tokens = &shard_.Get(families_.input_tokens, labels);
    series.tokens_by_client[0] = &shard_.Get(families_.tokens_by_client, {l.client_type, l.model, "input"});
  }
  if (context.tokens.completion > 0) {
    series.output_tokens = &shard_.Get(families_.output_tokens, labels);
    series.tokens_by_client[1] = &shard_.Get(families_.tokens_by_client, {l.client_type, l.model, "output"});
  }
  series.total_tokens = &shard_.Get(families_.total_tokens, labels);
  series.tokens_by_client[2] = &shard_.Get(families_.tokens_by_client, {l.client_type, l.model, "total"});
  series.tokens_consumed = &shard_.Get(families_.tokens_consumed, {l.provider, l.model});
  if (spend) series.spend = &shard_.Get(families_.spend_micro_usd, labels);
}

void RequestRecorder::Latency(const RequestContext& context, RequestSeries& series, uint64_t ended_ns) {
  const bool streamed = context.phase == ResponsePhase::kStreaming;
  // A stream that was opened counts as 2xx whatever became of it (spec 11 §8.3); its series is found by the
  // status of its head, so the class of that status is the right one in both cases.
  auto labels_for = [this, &context](const RequestLabels& l, std::string_view streaming) {
    return std::array<std::string_view, 6>{
        OrUnknown(config_.env_id), context.endpoint_template, l.model, l.provider, l.status_class, streaming};
  };
  if (series.e2e_latency == nullptr) {
    const RequestLabels l(context, context.status);
    series.e2e_latency = &shard_.Get(families_.e2e_latency, labels_for(l, l.stream));
  }
  series.e2e_latency->Record(Seconds(context.received_ns, ended_ns));

  const uint64_t ttft_ms = context.attempt.time_to_first_token_ms;
  if (!streamed || ttft_ms == 0 || context.endpoint == Endpoint::kResponses) return;
  if (series.ttft == nullptr) {
    const RequestLabels l(context, context.status);
    series.ttft = &shard_.Get(families_.ttft, labels_for(l, "true"));
    series.llm_ttft =
        &shard_.Get(families_.llm_ttft,
                    {l.endpoint, l.inbound_protocol, l.provider, l.model, l.upstream_model, l.provider_key_id,
                     l.provider_key_name, l.api_key_id, l.team_id, l.user_id, l.user_name});
  }
  const double seconds = static_cast<double>(ttft_ms) * 1e-3;
  series.ttft->Record(seconds);
  series.llm_ttft->Record(seconds, ended_ns / kNsPerMs);
}

void RequestRecorder::Cancelled(RequestContext& context) {
  InFlight(context.endpoint_template).Add(-1);
  context.head_recorded = true;
  context.status = kClientClosed;
  context.head_ns = uv_hrtime();
  if (context.recording == Recording::kNothing) return;
  const RequestLabels l(context, kClientClosed);
  const std::string_view model = context.requested_model.empty() ? kUnknown : l.model;
  shard_
      .Get(families_.client_cancelled,
           {context.endpoint_template, model, l.provider_key_id, l.provider_key_name})
      .Add();
  context.error_kind = "client_disconnected";
  context.error_detail = "client closed the request before the response head was written";
  lines_.Access(context);
}

void RequestRecorder::Settle(RequestContext& context) {
  if (context.settled) return;
  context.settled = true;
  if (context.status == 0) {
    Cancelled(context);
    return;
  }
  if (!context.head_recorded) Head(context);
  if (context.recording != Recording::kFull) return;

  const bool streamed = context.phase == ResponsePhase::kStreaming;
  const int attempt_status = context.attempt.status != 0 ? context.attempt.status : context.status;
  int event_status = streamed ? attempt_status : context.status;
  if (context.caller_left) event_status = kClientClosed;
  if (HasAttempts(context.endpoint)) {
    CountAttempt(context, series_.Find(context, attempt_status), attempt_status);
  }
  RequestSeries& series = series_.Find(context, context.status);
  if (HasAttempts(context.endpoint)) Latency(context, series, streamed ? uv_hrtime() : context.head_ns);
  if (Outcome(context.status) == "success") CountTokens(context, series);
  UsageEvent(context, event_status == context.status ? series : series_.Find(context, event_status),
             event_status);
}

}  // namespace aisix::proxy
