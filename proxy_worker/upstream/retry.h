// When a failed attempt is followed by another one on the same target (spec 05 §11).
#pragma once

#include <cstdint>
#include <random>

#include "lib/config/zone_config.h"
#include "lib/model/model.h"
#include "proxy_worker/upstream/failure.h"

namespace aisix::proxy {

// A value.
class RetryPolicy {
 public:
  // Of a direct model, which is its own only target.
  static RetryPolicy Of(const model::Model& model, const config::UpstreamPart& defaults);

  // Whether attempt `attempts_made` + 1 may follow after `failure`.
  bool Allows(const Failure& failure, uint32_t attempts_made) const;
  // Whether any failure of the attempt that runs (number `attempts_made` + 1) could be followed by another.
  bool MayFollow(uint32_t attempts_made) const { return attempts_made < retries_; }

 private:
  uint32_t retries_ = 0;
  bool explicit_ = false;  // the model says it: then timeouts are retried too
};

// Milliseconds to wait before retry number `retry` (1, 2 …): doubling from 250 to 2,000, or an upstream's
// Retry-After of at most 5 s, and up to 250 more.
uint64_t BackoffMs(uint32_t retry, const Failure& failure, std::minstd_rand& random);

}  // namespace aisix::proxy
