// The ensemble block of a model (spec 03 §3.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aisix::model {

struct EnsembleMember {
  std::string model;
  std::optional<double> temperature;
  std::optional<uint64_t> seed;
  std::optional<uint32_t> weight;  // accepted, no effect
};

struct EnsembleJudge {
  std::string model;
  std::optional<std::string> synthesis_prompt;
};

struct Ensemble {
  std::vector<EnsembleMember> panel;
  EnsembleJudge judge;
  std::optional<uint32_t> min_responses;  // absent: min(2, panel size)
  std::optional<uint64_t> timeout_ms;     // of each call
};

}  // namespace aisix::model
