// mcp_auth_settings: the singleton of MCP authorisation (spec 03 §9).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

struct McpAnonymousAccess {
  bool enabled = true;
  std::string api_key_id;
  std::vector<std::string> source_cidrs, servers;
  bool aggregate_entry = false;
};

struct McpAuthSettings {
  std::optional<std::string> resource_url;
  std::optional<McpAnonymousAccess> anonymous;
};

// As DecodeProviderKey.
absl::StatusOr<McpAuthSettings> DecodeMcpAuthSettings(const nlohmann::json& document);

}  // namespace aisix::model
