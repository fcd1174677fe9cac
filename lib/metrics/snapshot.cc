#include "lib/metrics/snapshot.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace aisix::metrics {

Family Single(std::string name, FamilyType type, std::vector<std::pair<std::string, std::string>> labels,
              double value) {
  Family family;
  family.name = std::move(name);
  family.type = type;
  Sample sample;
  sample.value = value;
  for (auto& [label, text] : labels) {
    family.label_names.push_back(std::move(label));
    sample.label_values.push_back(std::move(text));
  }
  family.samples.push_back(std::move(sample));
  return family;
}

void Merge(std::vector<Family>& into, std::vector<Family> from) {
  absl::flat_hash_map<std::string, size_t> positions;
  for (size_t i = 0; i < into.size(); ++i) positions.emplace(into[i].name, i);
  for (Family& family : from) {
    auto [position, added] = positions.emplace(family.name, into.size());
    if (added) {
      into.push_back(std::move(family));
      continue;
    }
    Family& target = into[position->second];
    if (target.type != family.type || target.label_names != family.label_names ||
        target.edges != family.edges) {
      continue;
    }
    absl::flat_hash_set<std::vector<std::string>> known;
    for (const Sample& sample : target.samples) known.insert(sample.label_values);
    for (Sample& sample : family.samples) {
      if (known.insert(sample.label_values).second) target.samples.push_back(std::move(sample));
    }
  }
}

}  // namespace aisix::metrics
