// One request on its way through the stages, and what is recorded about it (DESIGN §3; spec 11 §3, §7).
// A stage reads what earlier ones found and fills in what it finds; the router settles the record when the
// handler is done. Lives in the coroutine frame of its request; touched on its loop only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lib/usage/usage.h"
#include "proxy_worker/pipeline/endpoint.h"
#include "proxy_worker/pipeline/inline_text.h"
#include "proxy_worker/snapshot/snapshot.h"
#include "proxy_worker/snapshot/snapshot_slot.h"

namespace aisix::http {
class ServerExchange;
}

namespace aisix::proxy {

// The trace that this request belongs to (spec 05 §2, 11 §10.2).
struct TraceContext {
  std::array<char, 32> trace_id{};     // lower-case hex: the caller's, or a new one
  std::array<char, 16> parent_span{};  // lower-case hex; NUL: the trace starts here
  bool has_parent() const { return parent_span[0] != '\0'; }
};

// The attempt that runs, or the last one that ran.
struct Attempt {
  uint32_t index = 0;  // 0-based over the whole request
  usage::AttemptKind kind = usage::AttemptKind::kInitial;
  bool reached_upstream = false;  // a connection was used: the deployment counters count it
  uint64_t started_ns = 0;        // uv_hrtime
  uint64_t ended_ns = 0;          // uv_hrtime; 0: still running
  // Milliseconds from the start to the first upstream event of a stream, at least 1; 0: none was seen.
  uint64_t time_to_first_token_ms = 0;
  int status = 0;  // of this attempt: what the caller would get for it; 0: as the request
  usage::ErrorClass error_class = usage::ErrorClass::kNone;
  std::string error_message;
};

enum class ResponsePhase : uint8_t {
  kNone,       // nothing was written
  kBuffered,   // a whole response was written
  kStreaming,  // the head of a stream was written
};

// Which telemetry a request gets (spec 11 §3.1, §9).
enum class Recording : uint8_t {
  kNothing,  // in-flight only: probes, /v1/models, 404, 405, 401
  kRefusal,  // access line and request families: refused before a handler ran
  kFull,     // everything the endpoint has
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
  std::string_view endpoint_template;  // the `endpoint` label; static text
  InlineText<40> request_id;
  TraceContext trace;
  uint64_t received_ns = 0;           // uv_hrtime when the request head was complete
  InlineText<48> client_address;      // spec 05 §3.6, without a port; empty until client_address.h was asked
  std::string_view client_type;       // spec 11 §7.6; lives as long as the loop
  const CallerKey* caller = nullptr;  // set by authentication; kept by `pin`
  Recording recording = Recording::kNothing;
  // Of endpoints that have no model rows: what the labels say instead. Static texts; empty: not fixed.
  std::string_view fixed_model_label, fixed_provider_label;

  // --- Filled in by the handler ---
  InlineText<96> requested_model;  // as the caller sent it; empty: none was read
  ModelMatch match;                // the row that serves it; its `captured` points into requested_model
  bool stream = false;             // the caller asked for streaming
  // The row whose provider was chosen last; null: none was. For direct models match.model, set when its
  // provider key and adapter were found and the first attempt begins. With it: the model name sent.
  const Model* target = nullptr;
  InlineText<96> upstream_model;
  Attempt attempt;
  usage::TokenCounts tokens;  // of the answered request; all zero: nothing was reported
  InlineText<64> provider_request_id;
  InlineText<64> provider_model;  // the model name in the provider's answer
  InlineText<24> finish_reason;

  // --- Of a stream whose head was written; set by the handler before it returns ---
  bool caller_left = false;  // abandoned by the caller: its usage event says 499
  // Why the stream failed after its head (else kNone) goes into attempt.error_class, .error_message, .status.

  // --- Written by respond.h ---
  ResponsePhase phase = ResponsePhase::kNone;
  int status = 0;            // sent to the caller; 499: the caller left (recorded only)
  uint64_t head_ns = 0;      // uv_hrtime when the response (of a stream: its head) was handed over
  std::string error_kind;    // spec 11 §3.5; empty: no error
  std::string error_detail;  // human-readable
  bool head_recorded = false;
  bool settled = false;
};

}  // namespace aisix::proxy
