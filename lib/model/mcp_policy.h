// mcp_policy: which MCP tools an environment or a team may use (spec 03 §8). Not in resources files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

struct McpPolicy {
  bool team_scope = false;               // scope: "team", else "env"
  std::optional<std::string> scope_ref;  // team id
  std::vector<std::string> allow, deny;  // globs over <server>__<tool>
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<McpPolicy> DecodeMcpPolicy(const nlohmann::json& document);

}  // namespace aisix::model
