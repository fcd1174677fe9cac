#include "lib/model/oidc_provider.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, OidcProvider& provider) {
  reader.Need("name", provider.name);
  reader.Need("issuer", provider.issuer);
  reader.Need("audiences", provider.audiences);
  reader.Get("jwks_uri", provider.jwks_uri);
  reader.Get("identity_claim", provider.identity_claim);
  reader.Get("required_scopes", provider.required_scopes);
  std::vector<std::pair<std::string, nlohmann::json>> claims;
  reader.Get("bound_claims", claims);
  for (auto& [claim, expected] : claims) {
    std::vector<std::string> values;
    // A single string is a list of one.
    nlohmann::json list = expected.is_string() ? nlohmann::json::array({expected}) : expected;
    decode::ReadValue(list, decode::JoinPath("bound_claims", claim), reader.failure(), values);
    provider.bound_claims.emplace_back(claim, std::move(values));
  }
  reader.Get("leeway_secs", provider.leeway_secs);
  reader.Get("enabled", provider.enabled);
}

absl::StatusOr<OidcProvider> DecodeOidcProvider(const nlohmann::json& document) {
  return decode::Decode<OidcProvider>(document);
}

}  // namespace aisix::model
