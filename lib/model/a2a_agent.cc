#include "lib/model/a2a_agent.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<A2aAuthType>> EnumNames(const A2aAuthType*) {
  static constexpr EnumName<A2aAuthType> kNames[] = {
      {"none", A2aAuthType::kNone}, {"bearer", A2aAuthType::kBearer}, {"api_key", A2aAuthType::kApiKey}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, A2aAgent& agent) {
  reader.NeedAliased("name", "display_name", agent.name);
  reader.Need("url", agent.url);
  reader.Get("protocol_version", agent.protocol_version);
  reader.Get("auth_type", agent.auth_type);
  reader.Get("secret", agent.secret);
  reader.Get("timeout_ms", agent.timeout_ms);
  reader.Get("enabled", agent.enabled);
}

absl::StatusOr<A2aAgent> DecodeA2aAgent(const nlohmann::json& document) {
  return decode::Decode<A2aAgent>(document);
}

}  // namespace aisix::model
