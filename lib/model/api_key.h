// api_key: a caller's key (spec 03 §4).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/crypto/sha256.h"
#include "lib/model/rate_limit.h"

namespace aisix::model {

struct McpAccess {
  std::vector<std::string> allow, deny;  // globs over <server>__<tool>

  friend bool operator==(const McpAccess&, const McpAccess&) = default;
};

struct ApiKey {
  std::string key_hash;  // as written
  // The hash as a value; absent when `key_hash` is no lower-case SHA-256: then the key never matches.
  std::optional<crypto::Sha256> digest;
  std::vector<std::string> allowed_models;  // globs; empty: none
  std::optional<std::string> display_name;
  std::optional<RateLimit> rate_limit;
  std::optional<std::string> team_id, user_id, user_name;
  std::optional<std::string> jwt_subject, jwt_provider;
  std::optional<McpAccess> mcp_access;
  std::vector<std::pair<std::string, RateLimit>> mcp_rate_limits;  // by server name
  std::vector<std::string> allowed_agents;                         // globs; empty: none
  std::vector<std::string> allowed_routes;                         // globs; empty: none
  std::optional<absl::Time> expires_at;                            // still valid at that instant
  bool disabled = false;

  bool expired(absl::Time now) const { return expires_at && now > *expires_at; }
  // Whether the key may use the model named `requested`, as the caller wrote it (spec 05 §3.5).
  bool allows_model(std::string_view requested) const;
};

// As DecodeProviderKey.
absl::StatusOr<ApiKey> DecodeApiKey(const nlohmann::json& document);
absl::StatusOr<ApiKey> ParseApiKey(std::string_view text);

}  // namespace aisix::model
