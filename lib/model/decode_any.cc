#include "lib/model/decode_any.h"

#include <nlohmann/json.hpp>

#include "lib/model/a2a_agent.h"
#include "lib/model/api_key.h"
#include "lib/model/cache_policy.h"
#include "lib/model/claim_mapping.h"
#include "lib/model/guardrail.h"
#include "lib/model/guardrail_attachment.h"
#include "lib/model/mcp_auth_settings.h"
#include "lib/model/mcp_policy.h"
#include "lib/model/mcp_server.h"
#include "lib/model/model.h"
#include "lib/model/observability_exporter.h"
#include "lib/model/oidc_provider.h"
#include "lib/model/passthrough_route.h"
#include "lib/model/provider_key.h"
#include "lib/model/rate_limit_policy.h"

namespace aisix::model {

absl::Status CheckDecodes(Kind kind, const nlohmann::json& document) {
  switch (kind) {
    case Kind::kProviderKey:
      return DecodeProviderKey(document).status();
    case Kind::kModel:
      return DecodeModel(document).status();
    case Kind::kApiKey:
      return DecodeApiKey(document).status();
    case Kind::kGuardrail:
      return DecodeGuardrail(document).status();
    case Kind::kMcpServer:
      return DecodeMcpServer(document).status();
    case Kind::kA2aAgent:
      return DecodeA2aAgent(document).status();
    case Kind::kCachePolicy:
      return DecodeCachePolicy(document).status();
    case Kind::kObservabilityExporter:
      return DecodeObservabilityExporter(document).status();
    case Kind::kRateLimitPolicy:
      return DecodeRateLimitPolicy(document).status();
    case Kind::kOidcProvider:
      return DecodeOidcProvider(document).status();
    case Kind::kClaimMapping:
      return DecodeClaimMapping(document).status();
    case Kind::kPassthroughRoute:
      return DecodePassthroughRoute(document).status();
    case Kind::kMcpAuthSettings:
      return DecodeMcpAuthSettings(document).status();
    case Kind::kGuardrailAttachment:
      return DecodeGuardrailAttachment(document).status();
    case Kind::kMcpPolicy:
      return DecodeMcpPolicy(document).status();
  }
  return absl::InvalidArgumentError("unknown kind");
}

namespace {

struct Alias {
  const char* alias = nullptr;
  const char* name = nullptr;
};

Alias AliasOf(Kind kind) {
  if (kind == Kind::kProviderKey) return {"secret", "api_key"};
  if (IdentityHasAlias(kind)) return {"display_name", "name"};
  return {};
}

}  // namespace

bool HasOtherNames(Kind kind, const nlohmann::json& document) {
  const Alias alias = AliasOf(kind);
  return alias.alias != nullptr && document.is_object() && document.contains(alias.alias);
}

void UseCanonicalNames(Kind kind, nlohmann::json& document) {
  if (!HasOtherNames(kind, document)) return;
  const Alias alias = AliasOf(kind);
  const auto member = document.find(alias.alias);
  document[alias.name] = std::move(*member);
  document.erase(alias.alias);
}

}  // namespace aisix::model
