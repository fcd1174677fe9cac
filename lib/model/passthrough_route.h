// passthrough_route (spec 03 §15).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::model {

enum class PassthroughAuth : uint8_t { kGatewayKey, kHeaderKey, kAnonymous };
enum class PassthroughCredential : uint8_t { kInject, kForwardClient };

struct PassthroughRoute {
  std::string name;
  std::optional<std::string> path_prefix;
  std::vector<std::string> hosts;
  std::optional<std::string> target_url;
  bool preserve_host = false;
  PassthroughAuth auth_mode = PassthroughAuth::kGatewayKey;
  std::optional<std::string> auth_header_name;
  std::optional<std::string> anonymous_key_id;
  std::vector<std::string> source_cidrs;
  PassthroughCredential credential_mode = PassthroughCredential::kInject;
  std::optional<std::string> provider_key_id;
  std::optional<std::string> identity_header;
  std::optional<uint64_t> timeout_ms;
  bool enabled = true;
};

// As DecodeProviderKey.
absl::StatusOr<PassthroughRoute> DecodePassthroughRoute(const nlohmann::json& document);

}  // namespace aisix::model
