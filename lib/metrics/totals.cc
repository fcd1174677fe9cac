#include "lib/metrics/totals.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace aisix::metrics {
namespace {

bool IsTotal(const Family& family) {
  return family.type != FamilyType::kGauge && family.across != Across::kNewest;
}

bool IsAdditive(const Family& family) {
  return IsTotal(family) || (family.type == FamilyType::kGauge && family.across == Across::kSum);
}

bool SameShape(const Family& left, const Family& right) {
  return left.type == right.type && left.label_names == right.label_names && left.edges == right.edges;
}

// Of an empty window all are 0.
bool HasQuantiles(const Sample& sample) {
  return std::any_of(sample.quantiles.begin(), sample.quantiles.end(),
                     [](double value) { return value != 0; });
}

void AddSample(Sample& into, const Sample& from, bool quantiles) {
  into.value += from.value;
  into.count += from.count;
  for (size_t i = 0; i < into.buckets.size() && i < from.buckets.size(); ++i) {
    into.buckets[i] += from.buckets[i];
  }
  if (quantiles && !HasQuantiles(into)) into.quantiles = from.quantiles;
}

void AddFamily(Family& into, const Family& from, bool quantiles) {
  absl::flat_hash_map<std::vector<std::string>, size_t> positions;
  for (size_t i = 0; i < into.samples.size(); ++i) positions.emplace(into.samples[i].label_values, i);
  for (const Sample& sample : from.samples) {
    const auto [position, added] = positions.emplace(sample.label_values, into.samples.size());
    if (!added) {
      AddSample(into.samples[position->second], sample, quantiles);
      continue;
    }
    into.samples.push_back(sample);
    if (!quantiles) std::fill(into.samples.back().quantiles.begin(), into.samples.back().quantiles.end(), 0);
  }
}

template <typename Predicate>
void Add(std::vector<Family>& into, const std::vector<Family>& from, bool quantiles, Predicate wanted) {
  absl::flat_hash_map<std::string, size_t> positions;
  for (size_t i = 0; i < into.size(); ++i) positions.emplace(into[i].name, i);
  for (const Family& family : from) {
    if (!wanted(family)) continue;
    const auto [position, added] = positions.emplace(family.name, into.size());
    if (added)
      into.push_back({family.name, family.type, family.label_names, family.edges, {}, family.across});
    Family& target = into[position->second];
    if (SameShape(target, family)) AddFamily(target, family, quantiles);
  }
}

}  // namespace

void AddTotals(std::vector<Family>& into, const std::vector<Family>& gone) {
  Add(into, gone, /*quantiles=*/false, IsTotal);
}

void RaiseCounters(std::vector<Family>& totals, const std::vector<Family>& heard) {
  for (const Family& family : heard) {
    if (family.type != FamilyType::kCounter || !IsTotal(family)) continue;
    const auto target = std::find_if(totals.begin(), totals.end(), [&](const Family& one) {
      return one.name == family.name && SameShape(one, family);
    });
    if (target == totals.end()) continue;
    for (const Sample& sample : family.samples) {
      for (Sample& into : target->samples) {
        if (into.label_values == sample.label_values) into.value = std::max(into.value, sample.value);
      }
    }
  }
}

void AddOlder(std::vector<Family>& into, const std::vector<Family>& older) {
  Add(into, older, /*quantiles=*/true, IsAdditive);
}

}  // namespace aisix::metrics
