#include "egress_worker/destination_list.h"

#include "lib/url/url.h"

namespace aisix::egress {
namespace {

// Why an entry cannot be used; empty when it can.
std::string Judge(const std::string& kind, const std::string& id) {
  if (kind != kDestinationKind) return "the egress zone knows destinations only";
  absl::StatusOr<url::HostPort> endpoint = url::ParseHostPort(id);
  if (!endpoint.ok()) return std::string(endpoint.status().message());
  if (url::Canonical(*endpoint) != id) return "not in canonical form";
  return {};
}

}  // namespace

std::vector<ipc::ConfigRefusal> DestinationList::Apply(const ipc::ConfigBatch& batch) {
  std::vector<ipc::ConfigRefusal> refusals;
  absl::flat_hash_set<std::string> added;
  for (const ipc::ConfigDocument& document : batch.upserts) {
    std::string reason = Judge(document.kind, document.id);
    if (reason.empty()) {
      added.insert(document.id);
    } else {
      refusals.push_back({document.kind, document.id, std::move(reason)});
    }
  }
  std::lock_guard lock(mutex_);
  configured_ = true;
  if (batch.full) {
    entries_ = std::move(added);
  } else {
    entries_.insert(added.begin(), added.end());
  }
  for (const ipc::ConfigRemoval& removal : batch.removals) {
    if (removal.kind == kDestinationKind) entries_.erase(removal.id);
  }
  return refusals;
}

bool DestinationList::Contains(const std::string& destination) const {
  std::lock_guard lock(mutex_);
  return entries_.contains(destination);
}

bool DestinationList::configured() const {
  std::lock_guard lock(mutex_);
  return configured_;
}

size_t DestinationList::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace aisix::egress
