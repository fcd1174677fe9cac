#include "lib/model/mcp_server.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<McpServerType>> EnumNames(const McpServerType*) {
  static constexpr EnumName<McpServerType> kNames[] = {{"mcp", McpServerType::kMcp},
                                                       {"openapi", McpServerType::kOpenApi}};
  return kNames;
}

std::span<const EnumName<McpAuthType>> EnumNames(const McpAuthType*) {
  static constexpr EnumName<McpAuthType> kNames[] = {{"none", McpAuthType::kNone},
                                                     {"bearer", McpAuthType::kBearer},
                                                     {"api_key", McpAuthType::kApiKey},
                                                     {"oauth2", McpAuthType::kOAuth2}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, McpServer& server) {
  reader.NeedAliased("name", "display_name", server.name);
  reader.Get("type", server.type);
  reader.Need("url", server.url);
  if (const nlohmann::json* spec = reader.Find("spec"))
    server.spec = spec->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  reader.Get("api_key_header", server.api_key_header);
  reader.Get("transport", server.transport);
  reader.Get("auth_type", server.auth_type);
  reader.Get("secret", server.secret);
  reader.Get("client_id", server.client_id);
  reader.Get("token_url", server.token_url);
  reader.Get("scopes", server.scopes);
  reader.Get("protocol_version", server.protocol_version);
  reader.Get("timeout_ms", server.timeout_ms);
  reader.Get("enabled", server.enabled);
}

absl::StatusOr<McpServer> DecodeMcpServer(const nlohmann::json& document) {
  return decode::Decode<McpServer>(document);
}

}  // namespace aisix::model
