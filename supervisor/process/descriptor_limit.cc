#include "supervisor/process/descriptor_limit.h"

#include <algorithm>

namespace aisix::supervisor {
namespace {

// More than one message carries (253): the kernel looks before it counts a message. The rest is for what is
// under way in good order.
constexpr rlim_t kStep = 512;

}  // namespace

rlim_t DescriptorLimit(Zone zone, rlim_t own) {
  if (own == RLIM_INFINITY) return own;  // nobody is ever stopped
  const rlim_t step = std::min(kStep, own / 8);
  return zone == Zone::kEgress ? own - step : own - 2 * step;
}

}  // namespace aisix::supervisor
