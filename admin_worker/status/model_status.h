// The lists of models on `/status/models`, `/admin/v1/models/status` and `/admin/v1/health` (spec 01
// §8.5–8.6).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "admin_worker/resources/document_set.h"

namespace aisix::admin {

// `health`: what the proxy says about its models ("health" of proto/zone.proto), or nothing when it did not
// answer: then every model is taken for healthy.
std::string RenderModelStatus(const DocumentSet& documents, const std::optional<std::string>& health);

// The configuration part of the health reply; only with etcd.
struct SnapshotAge {
  int64_t revision = 0;
  std::optional<uint64_t> age_seconds;
};
std::string RenderAdminHealth(const DocumentSet& documents, const std::optional<std::string>& health,
                              const std::optional<SnapshotAge>& age);

}  // namespace aisix::admin
