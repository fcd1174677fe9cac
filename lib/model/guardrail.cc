#include "lib/model/guardrail.h"

#include "lib/model/decode/reader.h"
#include "lib/model/decode/timestamp.h"

namespace aisix::model {

using decode::EnumName;
using decode::ObjectReader;

std::span<const EnumName<GuardrailKind>> EnumNames(const GuardrailKind*) {
  static constexpr EnumName<GuardrailKind> kNames[] = {
      {"keyword", GuardrailKind::kKeyword},
      {"pii", GuardrailKind::kPii},
      {"semantic", GuardrailKind::kSemantic},
      {"bedrock", GuardrailKind::kBedrock},
      {"azure_content_safety", GuardrailKind::kAzureContentSafety},
      {"azure_content_safety_text_moderation", GuardrailKind::kAzureContentSafetyTextModeration},
      {"aliyun_text_moderation", GuardrailKind::kAliyunTextModeration},
      {"aliyun_ai_guardrail", GuardrailKind::kAliyunAiGuardrail},
      {"lakera", GuardrailKind::kLakera},
      {"openai_moderation", GuardrailKind::kOpenAiModeration},
      {"presidio", GuardrailKind::kPresidio}};
  return kNames;
}

std::span<const EnumName<HookPoint>> EnumNames(const HookPoint*) {
  static constexpr EnumName<HookPoint> kNames[] = {
      {"input", HookPoint::kInput}, {"output", HookPoint::kOutput}, {"both", HookPoint::kBoth}};
  return kNames;
}

void ReadMembers(ObjectReader& reader, Guardrail& guardrail) {
  reader.Need("name", guardrail.name);
  reader.Need("kind", guardrail.kind);
  reader.Get("enabled", guardrail.enabled);
  reader.Get("hook_point", guardrail.hook_point);
  reader.Get("fail_open", guardrail.fail_open);
  reader.Get("enforcement_mode", guardrail.enforcement_mode);
  reader.Get("mandatory", guardrail.mandatory);
  std::optional<std::string> created_at;
  reader.Get("created_at", created_at);
  if (created_at) {
    guardrail.created_at = decode::ParseTimestamp(*created_at);
    if (!guardrail.created_at) reader.Fail("created_at", "not an RFC 3339 date-time");
  }
}

absl::StatusOr<Guardrail> DecodeGuardrail(const nlohmann::json& document) {
  return decode::Decode<Guardrail>(document);
}

}  // namespace aisix::model
