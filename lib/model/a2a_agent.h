// a2a_agent: an upstream agent (spec 03 §10).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class A2aAuthType : uint8_t { kNone, kBearer, kApiKey };

struct A2aAgent {
  std::string name;
  std::string url;
  std::string protocol_version = "1.0";
  A2aAuthType auth_type = A2aAuthType::kNone;
  std::optional<std::string> secret;
  std::optional<uint64_t> timeout_ms;
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<A2aAgent> DecodeA2aAgent(const nlohmann::json& document);

}  // namespace aisix::model
