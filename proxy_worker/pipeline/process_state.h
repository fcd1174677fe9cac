// Flags that all loops of the proxy share. Any thread.
#pragma once

#include <atomic>

namespace aisix::proxy {

struct ProcessState {
  std::atomic<bool> draining{false};  // probes answer 503 (spec 01 §11)
};

}  // namespace aisix::proxy
