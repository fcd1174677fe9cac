#include "lib/model/claim_mapping.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, ClaimMatch& match) {
  reader.Need("claim", match.claim);
  std::string operation;
  reader.Need("op", operation);
  if (operation == "contains") {
    match.contains = true;
  } else if (operation != "exact") {
    reader.Fail("op", "unknown variant");
  }
  reader.Need("values", match.values);
}

namespace {

struct Resolve {
  std::string api_key_id;
};

void ReadMembers(ObjectReader& reader, Resolve& resolve) {
  reader.Need("api_key_id", resolve.api_key_id);
}

}  // namespace

void ReadMembers(ObjectReader& reader, ClaimMapping& mapping) {
  reader.Need("name", mapping.name);
  reader.Need("jwt_provider", mapping.jwt_provider);
  reader.Need("match", mapping.match);
  Resolve resolve;
  reader.Need("resolve", resolve);
  mapping.api_key_id = std::move(resolve.api_key_id);
  reader.Get("priority", mapping.priority);
  reader.Get("enabled", mapping.enabled);
}

absl::StatusOr<ClaimMapping> DecodeClaimMapping(const nlohmann::json& document) {
  return decode::Decode<ClaimMapping>(document);
}

}  // namespace aisix::model
