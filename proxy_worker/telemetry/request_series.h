// The metric series of one kind of request, found once and kept: requests that agree in caller, model, status
// and the like need one look-up instead of twenty.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "lib/metrics/registry.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// The labels of a request (spec 11 §7). Views of the context, the configuration and static texts.
struct RequestLabels {
  RequestLabels(const RequestContext& context, int status);

  std::string_view endpoint, inbound_protocol;
  std::string_view provider, model, upstream_model, provider_key_id, provider_key_name;
  std::string_view api_key_id, team_id, user_id, user_name;
  std::string_view stream, is_fallback;
  std::string_view outcome, status_class;
  std::string_view client_type;
  // Of the target row, as configured (label set D).
  std::string_view target_provider, target_model, target_upstream_model;
  std::string_view status() const { return {status_text_.data(), status_length_}; }

 private:
  std::array<char, 12> status_text_;
  size_t status_length_;
};

// Null: not used yet. The registry owns them.
struct RequestSeries {
  // Asks for the memory of all of them at once: with many callers each is in no cache.
  void Prefetch() const;

  metrics::Counter* requests = nullptr;
  metrics::Summary* request_duration = nullptr;
  metrics::Counter* proxy_requests = nullptr;
  metrics::Counter* proxy_failed_requests = nullptr;
  metrics::Summary* proxy_request_duration = nullptr;
  metrics::Counter* llm_requests = nullptr;
  metrics::Summary* llm_request_duration = nullptr;
  metrics::Histogram* e2e_latency = nullptr;
  metrics::Histogram* ttft = nullptr;
  metrics::Summary* llm_ttft = nullptr;
  metrics::Counter* input_tokens = nullptr;
  metrics::Counter* output_tokens = nullptr;
  metrics::Counter* total_tokens = nullptr;
  metrics::Counter* spend = nullptr;
  metrics::Counter* tokens_consumed = nullptr;
  std::array<metrics::Counter*, 3> tokens_by_client{};
  metrics::Counter* deployment_requests = nullptr;
  metrics::Counter* deployment_result = nullptr;
  metrics::Counter* usage_emitted = nullptr;
  metrics::Counter* usage_dropped = nullptr;
};

// Belongs to one loop. A reference is valid until the next call.
class RequestSeriesCache {
 public:
  RequestSeries& Find(const RequestContext& context, int status);

 private:
  struct Key {
    uint64_t model, target, caller;                             // serials; 0: none
    const char *endpoint_template, *client_type, *fixed_model;  // static texts: their address will do
    int32_t status;
    uint32_t flags;

    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.model, key.target, key.caller, key.endpoint_template,
                        key.client_type, key.fixed_model, key.status, key.flags);
    }
  };
  // Serials that went out of use stay until it is emptied.
  static constexpr size_t kMostEntries = 8192;
  absl::flat_hash_map<Key, std::unique_ptr<RequestSeries>> series_;
  Key last_key_{};
  RequestSeries* last_ = nullptr;  // what last_key_ found; null: nothing yet
};

}  // namespace aisix::proxy
