#include "egress_worker/dial_log.h"

#include <algorithm>

namespace aisix::egress {

void DialLog::Refused(std::string_view destination, ipc::DialOutcome outcome, std::string_view reason,
                      uint64_t now_ms) {
  uint64_t elapsed = last_ms_ == 0 ? 0 : std::min<uint64_t>(now_ms - last_ms_, kBurst * 1000);
  last_ms_ = now_ms;
  budget_ = std::min(kBurst * 1000, budget_ + elapsed * kPerSecond);
  if (budget_ < 1000) {
    ++suppressed_;
    return;
  }
  budget_ -= 1000;
  bool policy = outcome == ipc::DialOutcome::kNotConfigured || outcome == ipc::DialOutcome::kDenied;
  logger_.Write(log::Level::kWarn, "aisix_egress::dial", policy ? "dial refused" : "dial failed",
                {{"destination", destination}, {"reason", reason}, {"suppressed_before", suppressed_}});
  suppressed_ = 0;
}

}  // namespace aisix::egress
