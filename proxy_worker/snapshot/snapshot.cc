#include "proxy_worker/snapshot/snapshot.h"

#include "lib/crypto/secret.h"
#include "lib/model/name_pattern.h"

namespace aisix::proxy {

ProviderKey::~ProviderKey() {
  crypto::Wipe(document.api_key);
  for (auto& [name, value] : document.request.default_headers) crypto::Wipe(value);
  for (auto& [name, value] : document.request.default_body_fields) crypto::Wipe(value);
}

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
  return callers_.Find(hash);
}

ModelMatch Snapshot::FindModel(std::string_view name) const {
  ModelMatch match;
  match.model = models_by_name_.Find(name);
  if (match.model != nullptr || wildcards_ == nullptr) return match;
  for (const std::shared_ptr<const Model>& row : *wildcards_) {
    std::optional<std::string_view> captured = model::PatternCapture(row->document->display_name, name);
    if (!captured) continue;
    match.model = row.get();
    match.wildcard = true;
    match.captured = *captured;
    break;
  }
  return match;
}

}  // namespace aisix::proxy
