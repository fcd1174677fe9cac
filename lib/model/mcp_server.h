// mcp_server: an upstream of the MCP gateway (spec 03 §7).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class McpServerType : uint8_t { kMcp, kOpenApi };
enum class McpAuthType : uint8_t { kNone, kBearer, kApiKey, kOAuth2 };

struct McpServer {
  std::string name;
  McpServerType type = McpServerType::kMcp;
  std::string url;
  std::optional<std::string> spec;  // the OpenAPI document as JSON text
  std::optional<std::string> api_key_header;
  std::string transport = "streamable_http";
  McpAuthType auth_type = McpAuthType::kNone;
  std::optional<std::string> secret;
  std::optional<std::string> client_id, token_url;
  std::vector<std::string> scopes;
  std::optional<std::string> protocol_version;
  std::optional<uint64_t> timeout_ms;
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<McpServer> DecodeMcpServer(const nlohmann::json& document);

}  // namespace aisix::model
