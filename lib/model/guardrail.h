// guardrail: a check of what goes in or out (spec 03 §5). The blocks of each kind are read where that kind is
// built; their shape is checked by the schema.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace aisix::model {

enum class GuardrailKind : uint8_t {
  kKeyword,
  kPii,
  kSemantic,
  kBedrock,
  kAzureContentSafety,
  kAzureContentSafetyTextModeration,
  kAliyunTextModeration,
  kAliyunAiGuardrail,
  kLakera,
  kOpenAiModeration,
  kPresidio,
};

enum class HookPoint : uint8_t { kInput, kOutput, kBoth };

struct Guardrail {  // what all kinds share (§5.1)
  std::string name;
  GuardrailKind kind = GuardrailKind::kKeyword;
  bool enabled = true;
  HookPoint hook_point = HookPoint::kBoth;
  bool fail_open = true;
  std::string enforcement_mode = "block";
  bool mandatory = false;
  std::optional<absl::Time> created_at;
};

// As DecodeProviderKey.
absl::StatusOr<Guardrail> DecodeGuardrail(const nlohmann::json& document);

}  // namespace aisix::model
