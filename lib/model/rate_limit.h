// The limits that models, caller keys and policies share (spec 03 §3.7).
#pragma once

#include <cstdint>
#include <optional>

namespace aisix::model {

// Absent: unlimited.
struct RateLimit {
  std::optional<uint64_t> rps, rpm, rph, rpd;  // requests per second, minute, hour, day
  std::optional<uint64_t> tpm, tpd;            // tokens per minute, day
  std::optional<uint32_t> concurrency;         // requests in flight

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

}  // namespace aisix::model
