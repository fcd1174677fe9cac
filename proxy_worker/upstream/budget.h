// How long an attempt may take (spec 05 §9.1).
#pragma once

#include <cstdint>

#include "lib/config/zone_config.h"
#include "lib/model/model.h"

namespace aisix::proxy {

// Milliseconds; 0: no deadline. A value.
struct Budget {
  uint64_t whole_ms = 0;   // one whole exchange
  uint64_t stream_ms = 0;  // to the head of a stream, and then between two chunks
  // The stream budget is the model's own: the first chunk is awaited before the caller gets a head.
  bool await_first_chunk = false;
};

Budget BudgetOf(const model::Model& model, const config::UpstreamPart& defaults);

}  // namespace aisix::proxy
