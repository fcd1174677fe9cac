#include "lib/model/cache_policy.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<CacheBackend>> EnumNames(const CacheBackend*) {
  static constexpr EnumName<CacheBackend> kNames[] = {{"memory", CacheBackend::kMemory},
                                                      {"redis", CacheBackend::kRedis}};
  return kNames;
}

std::span<const EnumName<CacheScope>> EnumNames(const CacheScope*) {
  static constexpr EnumName<CacheScope> kNames[] = {{"api_key", CacheScope::kApiKey},
                                                    {"env", CacheScope::kEnv}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, SemanticCache& semantic) {
  reader.Need("embedding_model", semantic.embedding_model);
  reader.Need("threshold", semantic.threshold);
  reader.Get("max_entries", semantic.max_entries);
  reader.Get("embedding_timeout_ms", semantic.embedding_timeout_ms);
}

void ReadMembers(ObjectReader& reader, CachePolicy& policy) {
  reader.Need("name", policy.name);
  reader.Get("enabled", policy.enabled);
  reader.Get("backend", policy.backend);
  reader.Get("ttl_seconds", policy.ttl_seconds);
  reader.Get("applies_to", policy.applies_to);
  reader.Get("scope", policy.scope);
  reader.Get("purge_generation", policy.purge_generation);
  reader.Get("semantic", policy.semantic);
}

absl::StatusOr<CachePolicy> DecodeCachePolicy(const nlohmann::json& document) {
  return decode::Decode<CachePolicy>(document);
}

}  // namespace aisix::model
