// One snapshot as one loop holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

class SnapshotReclaimer;

// Made and freed off the loops; in between one loop alone touches it, so that the counter is a plain integer.
struct HeldSnapshot {
  explicit HeldSnapshot(std::shared_ptr<const Snapshot> held) : snapshot(std::move(held)) {}
  HeldSnapshot(const HeldSnapshot&) = delete;
  HeldSnapshot& operator=(const HeldSnapshot&) = delete;

  const std::shared_ptr<const Snapshot> snapshot;
  SnapshotReclaimer* reclaimer = nullptr;  // of the slot that it came to
  uint32_t pins = 0;
  bool retired = false;
  HeldSnapshot* next = nullptr;  // in the reclaimer's list
};

}  // namespace aisix::proxy
