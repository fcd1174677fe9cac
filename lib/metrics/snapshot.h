// Collected metrics as plain data: what Registry::Collect returns, what travels between zones and what the
// text renderer prints.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace aisix::metrics {

enum class FamilyType : uint8_t { kCounter, kGauge, kHistogram, kSummary };

struct Sample {
  std::vector<std::string> label_values;  // in the order of Family::label_names
  double value = 0;                       // counter, gauge; histogram, summary: sum of all recorded values
  uint64_t count = 0;                     // histogram, summary: how many
  std::vector<uint64_t> buckets;          // histogram: per bucket, not cumulative; one more than edges (+Inf)
  std::vector<double> quantiles;          // summary: values for Family::edges
};

struct Family {
  std::string name;
  FamilyType type = FamilyType::kCounter;
  std::vector<std::string> label_names;
  std::vector<double> edges;  // histogram: upper edges without +Inf; summary: the quantiles
  std::vector<Sample> samples;
};

// A family with one value, for collectors: Single("aisix_build_info", kGauge, {{"version", "1"}}, 1)
Family Single(std::string name, FamilyType type, std::vector<std::pair<std::string, std::string>> labels,
              double value);

// Appends the samples of `from` to the family of the same name and label names in `into`, or the family
// itself. A sample that is there already is kept (the first one wins): two zones never own one series.
void Merge(std::vector<Family>& into, std::vector<Family> from);

}  // namespace aisix::metrics
