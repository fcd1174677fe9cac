// What the proxy zone says about itself (proto/zone.proto, Status).
#pragma once

#include <cstdint>
#include <string>

#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// Subject "health": one object per model row, `{"models":[{"id":…,"name":…,"health":0}]}`; health as in spec
// 01 §8.6.
std::string RenderHealth(const Snapshot& snapshot);

struct ZoneFigures {
  uint64_t loops = 0;
  uint64_t connections = 0;
  uint64_t in_flight = 0;
  uint64_t dropped_log_lines = 0;
  bool draining = false;
};

// Subject "zone".
std::string RenderZone(const Snapshot& snapshot, const ZoneFigures& figures);

}  // namespace aisix::proxy
