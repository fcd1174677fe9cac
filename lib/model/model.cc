#include "lib/model/model.h"

#include <span>

#include "lib/model/decode/blocks.h"
#include "lib/model/decode/rate_limit.h"
#include "lib/model/name_pattern.h"

namespace aisix::model {

using decode::ObjectReader;

namespace {

ModelKind KindOf(const nlohmann::json& document) {
  if (!document.is_object()) return ModelKind::kDirect;
  if (document.contains("routing")) return ModelKind::kRouting;
  if (document.contains("ensemble")) return ModelKind::kEnsemble;
  if (document.contains("semantic")) return ModelKind::kSemantic;
  return ModelKind::kDirect;
}

// spec 03 §3.2, in alphabetical order.
std::span<const std::string_view> KnobsWithoutUse(ModelKind kind) {
  static constexpr std::string_view kRouting[] = {"auto_prompt_caching", "cost", "retries"};
  static constexpr std::string_view kEnsemble[] = {"auto_prompt_caching", "cost", "retries", "stream_timeout",
                                                   "timeout"};
  static constexpr std::string_view kSemantic[] = {"auto_prompt_caching", "cost"};
  switch (kind) {
    case ModelKind::kDirect:
      return {};
    case ModelKind::kRouting:
      return kRouting;
    case ModelKind::kEnsemble:
      return kEnsemble;
    case ModelKind::kSemantic:
      return kSemantic;
  }
  return {};
}

}  // namespace

ModelKind Model::kind() const {
  if (routing) return ModelKind::kRouting;
  if (ensemble) return ModelKind::kEnsemble;
  if (semantic) return ModelKind::kSemantic;
  return ModelKind::kDirect;
}

bool Model::is_wildcard() const {
  return kind() == ModelKind::kDirect && IsWildcardName(display_name);
}

std::string_view ModelKindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kDirect:
      return "direct";
    case ModelKind::kRouting:
      return "routing";
    case ModelKind::kEnsemble:
      return "ensemble";
    case ModelKind::kSemantic:
      return "semantic";
  }
  return {};
}

std::vector<std::string_view> InapplicableKnobs(const nlohmann::json& document) {
  std::vector<std::string_view> present;
  for (std::string_view knob : KnobsWithoutUse(KindOf(document))) {
    if (document.contains(knob)) present.push_back(knob);
  }
  return present;
}

void ReadMembers(ObjectReader& reader, Cost& cost) {
  reader.Need("input_per_1k", cost.input_per_1k);
  reader.Need("output_per_1k", cost.output_per_1k);
}

void ReadMembers(ObjectReader& reader, Embedding& embedding) {
  reader.Need("dimensions", embedding.dimensions);
  reader.Get("normalize", embedding.normalize);
}

void ReadMembers(ObjectReader& reader, BackgroundModelCheck& check) {
  reader.Need("enabled", check.enabled);
  reader.Need("interval_seconds", check.interval_seconds);
  reader.Need("timeout_seconds", check.timeout_seconds);
  reader.Need("prompt", check.prompt);
  reader.Need("max_tokens", check.max_tokens);
  reader.Need("stale_after_seconds", check.stale_after_seconds);
  reader.Get("ignore_statuses", check.ignore_statuses);
}

void ReadMembers(ObjectReader& reader, Cooldown& cooldown) {
  reader.Get("enabled", cooldown.enabled);
  reader.Get("default_seconds", cooldown.default_seconds);
  reader.Get("max_seconds", cooldown.max_seconds);
  reader.Get("honor_retry_after", cooldown.honor_retry_after);
  reader.Get("trigger_statuses", cooldown.trigger_statuses);
  reader.Get("trigger_on_timeout", cooldown.trigger_on_timeout);
  reader.Get("trigger_on_transport", cooldown.trigger_on_transport);
}

void ReadMembers(ObjectReader& reader, AutoPromptCaching& caching) {
  reader.Need("enabled", caching.enabled);
  reader.Get("ttl", caching.ttl);
}

void ReadMembers(ObjectReader& reader, Model& model) {
  reader.Need("display_name", model.display_name);
  reader.Get("provider", model.provider);
  reader.Get("model_name", model.model_name);
  reader.Get("provider_key_id", model.provider_key_id);
  reader.Get("timeout", model.timeout_ms);
  reader.Get("stream_timeout", model.stream_timeout_ms);
  reader.Get("retries", model.retries);
  reader.Get("rate_limit", model.rate_limit);
  reader.Get("allowed_cidrs", model.allowed_cidrs);
  reader.Get("cost", model.cost);
  reader.Get("embedding", model.embedding);
  reader.Get("background_model_check", model.background_model_check);
  reader.Get("cooldown", model.cooldown);
  reader.Get("auto_prompt_caching", model.auto_prompt_caching);
  reader.Get("routing", model.routing);
  reader.Get("ensemble", model.ensemble);
  reader.Get("semantic", model.semantic);
}

absl::StatusOr<Model> DecodeModel(const nlohmann::json& document) {
  const std::vector<std::string_view> knobs = InapplicableKnobs(document);
  if (knobs.empty()) return decode::Decode<Model>(document);
  nlohmann::json stripped = document;
  for (std::string_view knob : knobs) stripped.erase(std::string(knob));
  return decode::Decode<Model>(stripped);
}

absl::StatusOr<Model> ParseModel(std::string_view text) {
  absl::StatusOr<nlohmann::json> document = decode::ParseText(text);
  if (!document.ok()) return document.status();
  return DecodeModel(*document);
}

}  // namespace aisix::model
