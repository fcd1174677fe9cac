// One log line per refused or failed dial, but not more than an operator can read.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/ipc/dial_protocol.h"
#include "lib/log/logger.h"

namespace aisix::egress {

// Loop thread only.
class DialLog {
 public:
  static constexpr uint64_t kBurst = 20;
  static constexpr uint64_t kPerSecond = 5;

  explicit DialLog(log::Logger& logger) : logger_(logger) {}

  // What exceeds the rate is counted, and the count stands in the next line. `now_ms`: monotonic.
  void Refused(std::string_view destination, ipc::DialOutcome outcome, std::string_view reason,
               uint64_t now_ms);

 private:
  log::Logger& logger_;
  uint64_t budget_ = kBurst * 1000;  // thousandths of a line
  uint64_t last_ms_ = 0;
  uint64_t suppressed_ = 0;
};

}  // namespace aisix::egress
