#include "lib/model/ensemble.h"

#include "lib/model/decode/blocks.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, EnsembleMember& member) {
  reader.Need("model", member.model);
  reader.Get("temperature", member.temperature);
  reader.Get("seed", member.seed);
  reader.Get("weight", member.weight);
}

void ReadMembers(ObjectReader& reader, EnsembleJudge& judge) {
  reader.Need("model", judge.model);
  reader.Get("synthesis_prompt", judge.synthesis_prompt);
}

void ReadMembers(ObjectReader& reader, Ensemble& ensemble) {
  reader.Need("panel", ensemble.panel);
  reader.Need("judge", ensemble.judge);
  reader.Get("min_responses", ensemble.min_responses);
  reader.Get("timeout_ms", ensemble.timeout_ms);
}

}  // namespace aisix::model
