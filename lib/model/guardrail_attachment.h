// guardrail_attachment: where a guardrail applies (spec 03 §6). Not in resources files.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class GuardrailScope : uint8_t { kEnv, kModel, kMcpServer, kApiKey, kTeam, kPassthroughRoute };

struct GuardrailAttachment {
  std::string guardrail_id;
  GuardrailScope scope_type = GuardrailScope::kEnv;
  std::optional<std::string> scope_id;
  int32_t priority = 0;  // higher first
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<GuardrailAttachment> DecodeGuardrailAttachment(const nlohmann::json& document);

}  // namespace aisix::model
