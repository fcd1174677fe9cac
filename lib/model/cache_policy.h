// cache_policy (spec 03 §11).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class CacheBackend : uint8_t { kMemory, kRedis };
enum class CacheScope : uint8_t { kApiKey, kEnv };

struct SemanticCache {
  std::string embedding_model;
  double threshold = 0;
  uint32_t max_entries = 1000;
  std::optional<uint64_t> embedding_timeout_ms;
};

struct CachePolicy {
  std::string name;
  bool enabled = true;
  CacheBackend backend = CacheBackend::kMemory;
  uint32_t ttl_seconds = 3600;
  std::string applies_to = "all";
  CacheScope scope = CacheScope::kApiKey;
  uint32_t purge_generation = 0;
  std::optional<SemanticCache> semantic;
};

// As DecodeProviderKey.
absl::StatusOr<CachePolicy> DecodeCachePolicy(const nlohmann::json& document);

}  // namespace aisix::model
