#include "lib/model/passthrough_route.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<PassthroughAuth>> EnumNames(const PassthroughAuth*) {
  static constexpr EnumName<PassthroughAuth> kNames[] = {{"gateway_key", PassthroughAuth::kGatewayKey},
                                                         {"header_key", PassthroughAuth::kHeaderKey},
                                                         {"anonymous", PassthroughAuth::kAnonymous}};
  return kNames;
}

std::span<const EnumName<PassthroughCredential>> EnumNames(const PassthroughCredential*) {
  static constexpr EnumName<PassthroughCredential> kNames[] = {
      {"inject", PassthroughCredential::kInject}, {"forward_client", PassthroughCredential::kForwardClient}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, PassthroughRoute& route) {
  reader.NeedAliased("name", "display_name", route.name);
  reader.Get("path_prefix", route.path_prefix);
  reader.Get("hosts", route.hosts);
  reader.Get("target_url", route.target_url);
  reader.Get("preserve_host", route.preserve_host);
  reader.Get("auth_mode", route.auth_mode);
  reader.Get("auth_header_name", route.auth_header_name);
  reader.Get("anonymous_key_id", route.anonymous_key_id);
  reader.Get("source_cidrs", route.source_cidrs);
  reader.Get("credential_mode", route.credential_mode);
  reader.Get("provider_key_id", route.provider_key_id);
  reader.Get("identity_header", route.identity_header);
  reader.Get("timeout_ms", route.timeout_ms);
  reader.Get("enabled", route.enabled);
}

absl::StatusOr<PassthroughRoute> DecodePassthroughRoute(const nlohmann::json& document) {
  return decode::Decode<PassthroughRoute>(document);
}

}  // namespace aisix::model
