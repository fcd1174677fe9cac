// The kinds of dynamic resources (spec 02 §1.1, 03 §1.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aisix::model {

enum class Kind : uint8_t {
  kProviderKey,
  kModel,
  kApiKey,
  kGuardrail,
  kMcpServer,
  kA2aAgent,
  kCachePolicy,
  kObservabilityExporter,
  kRateLimitPolicy,
  kOidcProvider,
  kClaimMapping,
  kPassthroughRoute,
  kMcpAuthSettings,
  // Not in a resources file:
  kGuardrailAttachment,
  kMcpPolicy,
};

// Every kind, in the order in which a resources file is processed; the first kFileKinds may stand in one.
inline constexpr std::array kKinds{
    Kind::kProviderKey,     Kind::kModel,
    Kind::kApiKey,          Kind::kGuardrail,
    Kind::kMcpServer,       Kind::kA2aAgent,
    Kind::kCachePolicy,     Kind::kObservabilityExporter,
    Kind::kRateLimitPolicy, Kind::kOidcProvider,
    Kind::kClaimMapping,    Kind::kPassthroughRoute,
    Kind::kMcpAuthSettings, Kind::kGuardrailAttachment,
    Kind::kMcpPolicy,
};
inline constexpr size_t kFileKinds = 13;

// "provider_keys", …: etcd segment, collection of the file and name in every report.
std::string_view CollectionName(Kind kind);
std::optional<Kind> KindFromCollection(std::string_view name);

// The field whose value identifies an entry of a file. Empty for the singleton mcp_auth_settings.
std::string_view IdentityField(Kind kind);
// Whether `display_name` is another spelling of the identity `name`.
bool IdentityHasAlias(Kind kind);

}  // namespace aisix::model
