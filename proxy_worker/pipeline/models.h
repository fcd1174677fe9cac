// GET /v1/models (spec 05 §14).
#pragma once

#include <cstdint>
#include <string>

#include "lib/async/task.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

// The body: every row without `*` in its name that the key may use. `now_seconds`: since 1970.
std::string RenderModels(const Snapshot& snapshot, const CallerKey& caller, int64_t now_seconds);

async::Task<void> ListModels(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
