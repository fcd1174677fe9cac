#include "proxy_worker/upstream/budget.h"

namespace aisix::proxy {

Budget BudgetOf(const model::Model& model, const config::UpstreamPart& defaults) {
  Budget budget;
  budget.whole_ms = model.timeout_ms.value_or(defaults.timeout_ms);
  if (model.stream_timeout_ms.value_or(0) > 0) {
    budget.stream_ms = *model.stream_timeout_ms;
    budget.await_first_chunk = true;
  } else if (model.timeout_ms) {
    budget.stream_ms = *model.timeout_ms;  // an explicit 0 means none, and ends the search
    budget.await_first_chunk = budget.stream_ms > 0;
  } else {
    budget.stream_ms = defaults.stream_timeout_ms > 0 ? defaults.stream_timeout_ms : defaults.timeout_ms;
  }
  return budget;
}

}  // namespace aisix::proxy
