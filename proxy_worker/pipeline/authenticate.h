// The first stage: who is calling (spec 05 §3.4).
#pragma once

#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lib/http/head.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"
#include "proxy_worker/telemetry/request_lines.h"

namespace aisix::proxy {

// The credential that the caller presents; nullopt: none that can be used. `Authorization`, when it is there,
// is the only header looked at.
std::optional<std::string_view> PresentedKey(const http::Headers& headers);

struct AuthDecision {
  AuthReason reason = AuthReason::kNone;
  const CallerKey* caller = nullptr;  // the key that matched, also a disabled or expired one
};
// `now` is asked only about keys that expire.
AuthDecision DecideOnKey(const Snapshot& snapshot, std::optional<std::string_view> key,
                         absl::FunctionRef<absl::Time()> now);

// Sets context.caller. Nullopt: go on; else the 401. Records the decision.
std::optional<Error> Authenticate(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
