// What stays of a push while it arrives: documents that are compiled already.
#pragma once

#include <memory>
#include <vector>

#include "lib/ipc/config_service.h"
#include "proxy_worker/snapshot/snapshot_builder.h"

namespace aisix::proxy {

// There may be 100,000 callers' keys, so no more than a pointer is kept of one.
struct PreparedPush {
  std::vector<std::shared_ptr<const CallerKey>> callers;
  std::vector<CompiledDocument> others;
  std::vector<ipc::ConfigRefusal> refusals;

  // Compiles the document; its text is wiped.
  void Add(SnapshotBuilder& builder, ipc::ConfigDocument document);
  // Forgets what `builder` has and this push did not name: the end of a full synchronisation. What was
  // refused was named.
  void RetainNamed(SnapshotBuilder& builder) const;
  size_t size() const { return callers.size() + others.size() + refusals.size(); }
};

}  // namespace aisix::proxy
