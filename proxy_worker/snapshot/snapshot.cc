#include "proxy_worker/snapshot/snapshot.h"

#include "lib/model/name_pattern.h"

namespace aisix::proxy {

int ModelHealth::Level() const {
  constexpr uint32_t kDegraded = 4;
  constexpr uint32_t kDown = 8;
  uint32_t failures = consecutive_failures();
  if (failures >= kDown) return 2;
  return failures >= kDegraded ? 1 : 0;
}

std::string_view ModelMatch::UpstreamTemplate() const {
  return model == nullptr ? std::string_view() : model->document->model_name;
}

Snapshot::Snapshot() = default;
Snapshot::~Snapshot() = default;

const CallerKey* Snapshot::FindCaller(const crypto::Sha256& hash) const {
  const std::shared_ptr<const CallerShard>& shard = callers_[hash.bytes[0]];
  if (shard == nullptr) return nullptr;
  auto it = shard->find(hash);
  return it == shard->end() ? nullptr : it->second.get();
}

ModelMatch Snapshot::FindModel(std::string_view name) const {
  ModelMatch match;
  auto it = models_by_name_.find(name);
  if (it != models_by_name_.end()) {
    match.model = it->second;
    return match;
  }
  for (const Model* row : wildcards_) {
    std::optional<std::string_view> captured = model::PatternCapture(row->document->display_name, name);
    if (!captured) continue;
    match.model = row;
    match.wildcard = true;
    match.captured = *captured;
    break;
  }
  return match;
}

}  // namespace aisix::proxy
