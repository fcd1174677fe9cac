// Flags and counters that all loops of the proxy share. Atomics only; any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace aisix::proxy {

struct ProcessState {
  std::atomic<bool> draining{false};   // responses carry `Connection: close`, probes answer 503
  std::atomic<uint64_t> in_flight{0};  // requests whose response body is not finished (spec 01 §11)
};

}  // namespace aisix::proxy
