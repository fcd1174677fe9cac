#include "proxy_worker/upstream/retry.h"

#include <algorithm>

namespace aisix::proxy {

RetryPolicy RetryPolicy::Of(const model::Model& model, const config::UpstreamPart& defaults) {
  RetryPolicy policy;
  policy.explicit_ = model.retries.has_value();
  policy.retries_ = static_cast<uint32_t>(
      std::min<uint64_t>(policy.explicit_ ? *model.retries : defaults.retries, UINT32_MAX));
  return policy;
}

bool RetryPolicy::Allows(const Failure& failure, uint32_t attempts_made) const {
  if (!failure.retryable || attempts_made > retries_) return false;
  return !failure.timeout || explicit_;
}

uint64_t BackoffMs(uint32_t retry, const Failure& failure, std::minstd_rand& random) {
  constexpr uint64_t kLongestHonoured = 5;
  uint64_t base = std::min<uint64_t>(uint64_t{250} << std::min<uint32_t>(retry - 1, 10), 2000);
  if (failure.retry_after && *failure.retry_after <= kLongestHonoured) base = *failure.retry_after * 1000;
  return base + random() % 251;
}

}  // namespace aisix::proxy
