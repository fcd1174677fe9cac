#include "lib/model/mcp_auth_settings.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, McpAnonymousAccess& access) {
  reader.Get("enabled", access.enabled);
  reader.Need("api_key_id", access.api_key_id);
  reader.Need("source_cidrs", access.source_cidrs);
  reader.Need("servers", access.servers);
  reader.Get("aggregate_entry", access.aggregate_entry);
}

void ReadMembers(ObjectReader& reader, McpAuthSettings& settings) {
  reader.Get("resource_url", settings.resource_url);
  reader.Get("anonymous", settings.anonymous);
}

absl::StatusOr<McpAuthSettings> DecodeMcpAuthSettings(const nlohmann::json& document) {
  return decode::Decode<McpAuthSettings>(document);
}

}  // namespace aisix::model
