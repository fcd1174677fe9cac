// model: what callers name in `model` (spec 03 §3).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/model/ensemble.h"
#include "lib/model/rate_limit.h"
#include "lib/model/routing.h"
#include "lib/model/semantic.h"

namespace aisix::model {

struct Cost {  // USD per 1,000 tokens
  double input_per_1k = 0;
  double output_per_1k = 0;
};

struct Embedding {  // §3.6
  uint32_t dimensions = 0;
  bool normalize = true;  // the upstream already returns normalised vectors
};

struct BackgroundModelCheck {  // §3.8
  bool enabled = false;
  uint64_t interval_seconds = 0;
  uint64_t timeout_seconds = 0;
  std::string prompt;
  uint32_t max_tokens = 0;
  uint64_t stale_after_seconds = 0;
  std::vector<uint16_t> ignore_statuses;
};

// The defaults hold also when the block is absent (§3.8).
struct Cooldown {
  bool enabled = true;
  uint64_t default_seconds = 30;
  uint64_t max_seconds = 600;
  bool honor_retry_after = true;
  std::vector<uint16_t> trigger_statuses{401, 408, 429, 500, 502, 503, 504};
  bool trigger_on_timeout = true;
  bool trigger_on_transport = true;
};

struct AutoPromptCaching {
  bool enabled = false;
  std::string ttl = "5m";  // or "1h"
};

enum class ModelKind : uint8_t { kDirect, kRouting, kEnsemble, kSemantic };

struct Model {
  std::string display_name;
  // Direct models only.
  std::string provider;
  std::string model_name;
  std::string provider_key_id;

  std::optional<uint64_t> timeout_ms;         // member `timeout`: 0 disables, absent defers
  std::optional<uint64_t> stream_timeout_ms;  // member `stream_timeout`: 0 and absent defer
  std::optional<uint32_t> retries;
  std::optional<RateLimit> rate_limit;
  std::vector<std::string> allowed_cidrs;  // empty: every client
  std::optional<Cost> cost;
  std::optional<Embedding> embedding;
  std::optional<BackgroundModelCheck> background_model_check;
  std::optional<Cooldown> cooldown;
  std::optional<AutoPromptCaching> auto_prompt_caching;

  // At most one of these (§3.2).
  std::optional<Routing> routing;
  std::optional<Ensemble> ensemble;
  std::optional<Semantic> semantic;

  ModelKind kind() const;
  // A direct model whose name holds exactly one `*` (§3.9).
  bool is_wildcard() const;
};

// "direct", "routing", "ensemble", "semantic" (spec 01 §8.5).
std::string_view ModelKindName(ModelKind kind);

// As DecodeProviderKey. Knobs that its kind cannot use (§3.2) are not taken over.
absl::StatusOr<Model> DecodeModel(const nlohmann::json& document);
absl::StatusOr<Model> ParseModel(std::string_view text);

// The knobs in `document` that its kind cannot use ("dead knobs", §3.2, 02 §4.1), in alphabetical order.
std::vector<std::string_view> InapplicableKnobs(const nlohmann::json& document);

}  // namespace aisix::model
