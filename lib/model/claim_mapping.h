// claim_mapping: from a token's claims to a caller key (spec 03 §13).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

struct ClaimMatch {
  std::string claim;
  bool contains = false;  // op: "contains", else "exact"
  std::vector<std::string> values;
};

struct ClaimMapping {
  std::string name;
  std::string jwt_provider;  // oidc_provider name
  std::vector<ClaimMatch> match;
  std::string api_key_id;  // member resolve.api_key_id
  uint32_t priority = 0;   // lower first
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<ClaimMapping> DecodeClaimMapping(const nlohmann::json& document);

}  // namespace aisix::model
