#include "supervisor/process/restart_policy.h"

#include <algorithm>

namespace aisix::supervisor {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{50};
constexpr milliseconds kLongestDelay{5000};
constexpr milliseconds kProven{1000};
constexpr int kMaxDoublings = 7;  // 50 ms << 7 is beyond the longest delay

}  // namespace

std::optional<milliseconds> RestartPolicy::OnDeath(std::optional<milliseconds> ready_for) {
  if (!ever_ready_) {
    if (essential_) return std::nullopt;
    return kLongestDelay;
  }
  if (ready_for && *ready_for >= kProven) {
    early_deaths_ = 0;
    return milliseconds(0);
  }
  const milliseconds delay =
      std::min(kFirstDelay * (1 << std::min(early_deaths_, kMaxDoublings)), kLongestDelay);
  ++early_deaths_;
  return delay;
}

}  // namespace aisix::supervisor
