#include "lib/model/guardrail_attachment.h"

#include "lib/model/decode/reader.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<GuardrailScope>> EnumNames(const GuardrailScope*) {
  static constexpr EnumName<GuardrailScope> kNames[] = {
      {"env", GuardrailScope::kEnv},
      {"model", GuardrailScope::kModel},
      {"mcp_server", GuardrailScope::kMcpServer},
      {"api_key", GuardrailScope::kApiKey},
      {"team", GuardrailScope::kTeam},
      {"passthrough_route", GuardrailScope::kPassthroughRoute}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, GuardrailAttachment& attachment) {
  reader.Need("guardrail_id", attachment.guardrail_id);
  reader.Need("scope_type", attachment.scope_type);
  reader.Get("scope_id", attachment.scope_id);
  reader.Need("priority", attachment.priority);
  reader.Get("enabled", attachment.enabled);
}

absl::StatusOr<GuardrailAttachment> DecodeGuardrailAttachment(const nlohmann::json& document) {
  return decode::Decode<GuardrailAttachment>(document);
}

}  // namespace aisix::model
