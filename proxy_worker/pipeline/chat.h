// POST /v1/chat/completions (spec 05 §10).
#pragma once

#include "lib/async/task.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// Answers a request that was authenticated. Everything that is recorded about it is in `context` when the
// task is done; a caller who left before there was a response head gets none, and phase stays kNone.
async::Task<void> HandleChat(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
