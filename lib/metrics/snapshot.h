// Collected metrics as plain data: what Registry::Collect returns, what travels between zones and what the
// text renderer prints.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace aisix::metrics {

enum class FamilyType : uint8_t { kCounter, kGauge, kHistogram, kSummary };

// How the figures of several workers of one zone become one: of the old and the new one while a worker is
// replaced, and of all that came before.
enum class Across : uint8_t {
  kUsual,   // counters, histograms and summaries add up; of a gauge, the newest worker's value counts
  kSum,     // a gauge whose values add up while several workers live: connections, memory
  kNewest,  // the newest worker knows all, also a counter: its value outlives the worker by other means
};

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
  Across across = Across::kUsual;
};

// A family with one value, for collectors: Single("aisix_build_info", kGauge, {{"version", "1"}}, 1)
Family Single(std::string name, FamilyType type, std::vector<std::pair<std::string, std::string>> labels,
              double value);

// Appends the samples of `from` to the family of the same name and label names in `into`, or the family
// itself. A sample that is there already is kept (the first one wins): two zones never own one series.
void Merge(std::vector<Family>& into, std::vector<Family> from);

}  // namespace aisix::metrics
