// /livez and /readyz (spec 05 §3.3, 01 §8.2).
#pragma once

#include <string_view>

#include "lib/async/task.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/request_context.h"

namespace aisix::proxy {

struct ProbeAnswer {
  int status = 200;
  std::string_view body;  // static text
};

ProbeAnswer Liveness(bool draining, bool verbose);
ProbeAnswer Readiness(bool draining, bool has_configuration, bool verbose);
// Whether the query has a parameter named `verbose`, with or without a value.
bool AsksForDetails(std::string_view query);

async::Task<void> AnswerProbe(LoopContext& loop, RequestContext& context);

}  // namespace aisix::proxy
