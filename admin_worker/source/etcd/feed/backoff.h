// How long to wait before etcd is asked again (spec 00): 0.2 … 2 s with jitter.
#pragma once

#include <algorithm>
#include <random>

#include "absl/time/time.h"

namespace aisix::admin::etcd {

class Backoff {
 public:
  explicit Backoff(uint64_t seed) : random_(seed) {}

  // The next wait: doubles up to the most, less up to a third of it, so that gateways do not come in step.
  absl::Duration Next() {
    const absl::Duration full = next_;
    next_ = std::min(2 * next_, kMost);
    return std::max(kLeast, full * std::uniform_real_distribution<double>(2.0 / 3, 1)(random_));
  }
  void Reset() { next_ = kLeast; }

  static constexpr absl::Duration kLeast = absl::Milliseconds(200);
  static constexpr absl::Duration kMost = absl::Seconds(2);

 private:
  absl::Duration next_ = kLeast;
  std::minstd_rand random_;
};

}  // namespace aisix::admin::etcd
