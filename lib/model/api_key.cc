#include "lib/model/api_key.h"

#include "lib/model/decode/rate_limit.h"
#include "lib/model/decode/timestamp.h"
#include "lib/model/name_pattern.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, McpAccess& access) {
  reader.Get("allow", access.allow);
  reader.Get("deny", access.deny);
}

void ReadMembers(ObjectReader& reader, ApiKey& key) {
  reader.Need("key_hash", key.key_hash);
  key.digest = crypto::Sha256::FromHex(key.key_hash);
  reader.Need("allowed_models", key.allowed_models);
  reader.Get("display_name", key.display_name);
  reader.Get("rate_limit", key.rate_limit);
  reader.Get("team_id", key.team_id);
  reader.Get("user_id", key.user_id);
  reader.Get("user_name", key.user_name);
  reader.Get("jwt_subject", key.jwt_subject);
  reader.Get("jwt_provider", key.jwt_provider);
  reader.Get("mcp_access", key.mcp_access);
  reader.Get("mcp_rate_limits", key.mcp_rate_limits);
  reader.Get("allowed_agents", key.allowed_agents);
  reader.Get("allowed_routes", key.allowed_routes);
  std::optional<std::string> expires_at;
  reader.Get("expires_at", expires_at);
  if (expires_at) {
    key.expires_at = decode::ParseTimestamp(*expires_at);
    if (!key.expires_at) reader.Fail("expires_at", "not an RFC 3339 date-time");
  }
  reader.Get("disabled", key.disabled);
}

bool ApiKey::allows_model(std::string_view requested) const {
  return AnyPatternMatches(allowed_models, requested);
}

absl::StatusOr<ApiKey> DecodeApiKey(const nlohmann::json& document) {
  return decode::Decode<ApiKey>(document);
}

absl::StatusOr<ApiKey> ParseApiKey(std::string_view text) {
  return decode::DecodeText<ApiKey>(text);
}

}  // namespace aisix::model
