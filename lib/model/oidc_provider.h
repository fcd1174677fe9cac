// oidc_provider: an issuer of callers' tokens (spec 03 §13).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

struct OidcProvider {
  std::string name;
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<std::string> jwks_uri;  // absent: discovered
  std::string identity_claim = "sub";
  std::vector<std::string> required_scopes;
  std::vector<std::pair<std::string, std::vector<std::string>>> bound_claims;  // claim: admitted values
  uint64_t leeway_secs = 0;
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<OidcProvider> DecodeOidcProvider(const nlohmann::json& document);

}  // namespace aisix::model
