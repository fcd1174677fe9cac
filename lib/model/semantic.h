// The semantic router block of a model (spec 03 §3.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aisix::model {

struct SemanticMatch {
  double threshold = 0;
  std::string distance_metric = "cosine";
  std::string aggregation = "max";
};

struct SemanticRoute {
  std::string name;
  std::string target;
  std::vector<std::string> examples;
  std::optional<std::string> description;
  std::optional<double> threshold;  // instead of match.threshold
};

enum class OnEmbeddingFailure : uint8_t { kDefault, kFail, kTarget };

struct Semantic {
  std::string embedding_model;
  std::string default_target;  // member `default`
  SemanticMatch match;
  std::vector<SemanticRoute> routes;
  std::optional<uint64_t> embedding_timeout_ms;
  OnEmbeddingFailure on_embedding_failure = OnEmbeddingFailure::kDefault;
  std::string failure_target;  // with kTarget
};

}  // namespace aisix::model
