#include "proxy_worker/telemetry/request_series.h"

#include <charconv>

#include "proxy_worker/telemetry/labels.h"

namespace aisix::proxy {
namespace {

bool AnsweredByFallback(const RequestContext& context) {
  return context.attempt.kind == usage::AttemptKind::kFallback;
}

// What serves a name, of the caller's own words nothing: spec 11 §7.5.
std::string_view ModelLabel(const RequestContext& context) {
  if (!context.fixed_model_label.empty()) return context.fixed_model_label;
  return context.match ? std::string_view(context.match.model->document->display_name) : kUnresolved;
}

}  // namespace

RequestLabels::RequestLabels(const RequestContext& context, int status_code)
    : endpoint(context.endpoint_template),
      inbound_protocol(InboundProtocol(context.endpoint_template)),
      provider(kUnknown),
      model(ModelLabel(context)),
      upstream_model(kUnknown),
      provider_key_id(kUnknown),
      provider_key_name(kUnknown),
      api_key_id(kUnknown),
      team_id(kUnknown),
      user_id(kUnknown),
      user_name(kUnknown),
      stream(BoolLabel(context.stream)),
      is_fallback(BoolLabel(AnsweredByFallback(context))),
      outcome(Outcome(status_code)),
      status_class(StatusClass(status_code)),
      client_type(context.client_type),
      target_provider(kUnknown),
      target_model(kUnknown),
      target_upstream_model(kUnknown) {
  if (!context.fixed_provider_label.empty()) provider = context.fixed_provider_label;
  if (const Model* target = context.target; target != nullptr) {
    provider = target->provider_label;
    upstream_model = OrUnknown(target->document->model_name);
    provider_key_id = OrUnknown(target->document->provider_key_id);
    if (target->provider_key != nullptr) provider_key_name = target->provider_key->label;
    target_provider = OrUnknown(target->document->provider);
    target_model = target->document->display_name;
    target_upstream_model = upstream_model;
  }
  if (const CallerKey* caller = context.caller; caller != nullptr) {
    api_key_id = caller->id();
    if (context.recording == Recording::kFull) {
      team_id = OrUnknown(caller->team_id());
      user_id = OrUnknown(caller->user_id());
      user_name = OrUnknown(caller->user_name());
    }
  }
  auto [end, error] =
      std::to_chars(status_text_.data(), status_text_.data() + status_text_.size(), status_code);
  (void)error;
  status_length_ = static_cast<size_t>(end - status_text_.data());
}

void RequestSeries::Prefetch() const {
  for (const void* series : std::initializer_list<const void*>{
           requests, request_duration, proxy_requests, proxy_request_duration, llm_requests,
           llm_request_duration, e2e_latency, input_tokens, output_tokens, total_tokens, tokens_consumed,
           deployment_requests, deployment_result, usage_emitted, usage_dropped}) {
    __builtin_prefetch(series, 1);
  }
}

RequestSeries& RequestSeriesCache::Find(const RequestContext& context, int status) {
  Key key{};
  key.model = context.match ? context.match.model->serial : 0;
  key.target = context.target != nullptr ? context.target->serial : 0;
  key.caller = context.caller != nullptr ? context.caller->serial() : 0;
  key.endpoint_template = context.endpoint_template.data();
  key.client_type = context.client_type.data();
  key.fixed_model = context.fixed_model_label.data();
  key.status = status;
  key.flags = (context.stream ? 1U : 0U) | (AnsweredByFallback(context) ? 2U : 0U) |
              (context.recording == Recording::kFull ? 4U : 0U);
  // One request asks several times, and many requests are alike.
  if (last_ != nullptr && key == last_key_) return *last_;
  auto it = series_.find(key);
  if (it == series_.end()) {
    if (series_.size() >= kMostEntries) series_.clear();
    it = series_.emplace(key, std::make_unique<RequestSeries>()).first;
  }
  last_key_ = key;
  last_ = it->second.get();
  return *last_;
}

}  // namespace aisix::proxy
