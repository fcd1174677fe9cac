// One request on its way through the stages, and what is recorded about it (DESIGN §3; spec 11 §3, §7).
// A stage reads what earlier ones found and fills in what it finds; the router settles the record when the
// handler is done. Lives in the coroutine frame of its connection; touched on its loop only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/usage/usage.h"
#include "proxy_worker/pipeline/endpoint.h"
#include "proxy_worker/pipeline/inline_text.h"
#include "proxy_worker/snapshot/snapshot.h"
#include "proxy_worker/snapshot/snapshot_slot.h"

namespace aisix::http {
class ServerExchange;
}

namespace aisix::proxy {

// The caller's trace, or a trace of our own (spec 05 §2).
struct TraceContext {
  std::array<char, 32> trace_id{};     // lower-case hex; a new one when the caller sent none
  std::array<char, 16> parent_span{};  // all zero bytes: the trace starts here
  std::string_view trace_state;        // only with a parent; a part of the request head
};

// The attempt that runs, or the last one that ran.
struct Attempt {
  uint32_t index = 0;  // 0-based over the whole request
  usage::AttemptKind kind = usage::AttemptKind::kInitial;
  uint64_t started_ns = 0;  // uv_hrtime
  uint64_t ended_ns = 0;    // uv_hrtime; 0: still running
  // Milliseconds from the start to the first upstream event of a stream, at least 1; 0: none was seen.
  uint64_t time_to_first_token_ms = 0;
  bool reached_upstream = false;  // a connection was used: the deployment counters count it
  int status = 0;                 // of this attempt: what the caller would get for it
  usage::ErrorClass error_class = usage::ErrorClass::kNone;
  std::string error_message;
};

enum class ResponsePhase : uint8_t {
  kNone,      // nothing was written
  kBuffered,  // a whole response was written
  kStreaming  // the head of a stream was written
};

struct RequestContext {
  RequestContext(http::ServerExchange& server_exchange, PinnedSnapshot pinned_snapshot)
      : exchange(server_exchange), pin(std::move(pinned_snapshot)), snapshot(*pin) {}
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

  http::ServerExchange& exchange;
  PinnedSnapshot pin;
  const Snapshot& snapshot;

  // --- Known before a handler runs ---
  Endpoint endpoint = Endpoint::kOther;
  std::string_view endpoint_template;  // EndpointTemplate(path); static text
  std::string_view request_id;         // a part of the request head, or minted_request_id
  std::array<char, 36> minted_request_id{};
  TraceContext trace;
  uint64_t received_ns = 0;           // uv_hrtime when the request head was complete
  const CallerKey* caller = nullptr;  // set by authentication
  InlineText<48> client_address;      // spec 05 §3.6; without a port

  // --- Filled in by the handler ---
  InlineText<96> requested_model;  // as the caller sent it; empty: none was read
  ModelMatch match;                // its `captured` points into requested_model
  InlineText<96> upstream_model;   // empty: no target was chosen
  bool stream = false;             // the caller asked for streaming
  Attempt attempt;
  uint32_t attempts = 0;  // made so far
  usage::TokenCounts tokens;
  bool usage_known = false;  // a usage object was read, also when it is all zeros
  InlineText<64> provider_request_id;
  InlineText<64> provider_model;  // the model name in the provider's answer
  InlineText<24> finish_reason;

  // --- Written by respond.h ---
  ResponsePhase phase = ResponsePhase::kNone;
  int status = 0;            // sent to the caller; 499: the caller left (recorded only)
  uint64_t head_ns = 0;      // uv_hrtime when the response (of a stream: its head) was handed over
  std::string error_kind;    // spec 11 §3.5; empty: no error
  std::string error_detail;  // human-readable

  // --- Of a stream, after its head; set by the handler before it returns ---
  bool caller_left = false;    // a stream was abandoned by the caller
  bool delivered_any = false;  // at least one event of the provider was handed to the caller
};

}  // namespace aisix::proxy
