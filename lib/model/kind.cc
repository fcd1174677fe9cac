#include "lib/model/kind.h"

namespace aisix::model {

std::string_view CollectionName(Kind kind) {
  switch (kind) {
    case Kind::kProviderKey:
      return "provider_keys";
    case Kind::kModel:
      return "models";
    case Kind::kApiKey:
      return "api_keys";
    case Kind::kGuardrail:
      return "guardrails";
    case Kind::kMcpServer:
      return "mcp_servers";
    case Kind::kA2aAgent:
      return "a2a_agents";
    case Kind::kCachePolicy:
      return "cache_policies";
    case Kind::kObservabilityExporter:
      return "observability_exporters";
    case Kind::kRateLimitPolicy:
      return "rate_limit_policies";
    case Kind::kOidcProvider:
      return "oidc_providers";
    case Kind::kClaimMapping:
      return "claim_mappings";
    case Kind::kPassthroughRoute:
      return "passthrough_routes";
    case Kind::kMcpAuthSettings:
      return "mcp_auth_settings";
    case Kind::kGuardrailAttachment:
      return "guardrail_attachments";
    case Kind::kMcpPolicy:
      return "mcp_policies";
  }
  return {};
}

std::optional<Kind> KindFromCollection(std::string_view name) {
  for (Kind kind : kKinds) {
    if (CollectionName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string_view IdentityField(Kind kind) {
  switch (kind) {
    case Kind::kProviderKey:
    case Kind::kModel:
    case Kind::kApiKey:
      return "display_name";
    case Kind::kMcpAuthSettings:
    case Kind::kGuardrailAttachment:
    case Kind::kMcpPolicy:
      return {};
    default:
      return "name";
  }
}

bool IdentityHasAlias(Kind kind) {
  return kind == Kind::kMcpServer || kind == Kind::kA2aAgent || kind == Kind::kPassthroughRoute;
}

}  // namespace aisix::model
