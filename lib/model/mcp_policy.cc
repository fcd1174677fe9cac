#include "lib/model/mcp_policy.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, McpPolicy& policy) {
  std::string scope;
  reader.Need("scope", scope);
  if (scope == "team") {
    policy.team_scope = true;
  } else if (scope != "env") {
    reader.Fail("scope", "unknown variant");
  }
  reader.Get("scope_ref", policy.scope_ref);
  reader.Get("allow", policy.allow);
  reader.Get("deny", policy.deny);
  reader.Get("enabled", policy.enabled);
}

absl::StatusOr<McpPolicy> DecodeMcpPolicy(const nlohmann::json& document) {
  return decode::Decode<McpPolicy>(document);
}

}  // namespace aisix::model
