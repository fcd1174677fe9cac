// Metrics of one process (DESIGN §3, spec 11 §5). Every thread that records owns a Shard; nothing on the hot
// path takes a lock or shares a written cache line. Collect() merges the shards and may be called from any
// thread at any time.
//
//   metrics::Registry registry;
//   auto requests = registry.AddCounter("aisix_requests_total", {"provider", "model", "status", "outcome"});
//   metrics::Shard& shard = registry.AddShard();                    // one per thread
//   shard.Get(requests, {provider, model, "200", "success"}).Add(); // no allocation once the series exists
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lib/metrics/series.h"
#include "lib/metrics/snapshot.h"

namespace aisix::metrics {

// Handles of declared families. Values; valid with the registry that made them.
struct CounterFamily {
  uint32_t index = 0;
};
struct GaugeFamily {
  uint32_t index = 0;
};
struct HistogramFamily {
  uint32_t index = 0;
};
struct SummaryFamily {
  uint32_t index = 0;
};

// How one gauge series written by several shards becomes one value.
enum class GaugeMerge : uint8_t {
  kSum,     // in-flight counts: each shard keeps its share
  kLatest,  // states: the newest Set() wins
};

using Labels = std::initializer_list<std::string_view>;

class Registry;

// The series of one thread. Get() and the methods of the series that write are for that thread only. A
// reference stays valid as long as the registry: callers may keep it and save the look-up.
class Shard {
 public:
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // `labels` in the order in which the family declared its names, as many as it declared (else the process
  // aborts: the call site is wrong). A series appears at its first use and never goes.
  Counter& Get(CounterFamily family, Labels labels) { return Get(family, Span(labels)); }
  Gauge& Get(GaugeFamily family, Labels labels) { return Get(family, Span(labels)); }
  Histogram& Get(HistogramFamily family, Labels labels) { return Get(family, Span(labels)); }
  Summary& Get(SummaryFamily family, Labels labels) { return Get(family, Span(labels)); }
  Counter& Get(CounterFamily family, absl::Span<const std::string_view> labels);
  Gauge& Get(GaugeFamily family, absl::Span<const std::string_view> labels);
  Histogram& Get(HistogramFamily family, absl::Span<const std::string_view> labels);
  Summary& Get(SummaryFamily family, absl::Span<const std::string_view> labels);

 private:
  friend class Registry;
  struct FamilyTable;
  explicit Shard(const Registry& registry);
  static absl::Span<const std::string_view> Span(Labels labels) { return {labels.begin(), labels.size()}; }
  template <typename NodeType>
  NodeType& Find(uint32_t index, FamilyType type, absl::Span<const std::string_view> labels);

  const Registry& registry_;
  std::unique_ptr<std::unique_ptr<FamilyTable>[]> tables_;  // one per declared family
};

// Declares families and owns the shards. Declare everything before the first AddShard (the process aborts
// otherwise); after that every method but the destructor may be called from any thread.
class Registry {
 public:
  // Appends families whose values are known elsewhere (process figures, configuration state). Called by
  // Collect on its thread, so possibly several at once.
  using Collector = std::function<void(std::vector<Family>&)>;

  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  CounterFamily AddCounter(std::string name, std::vector<std::string> label_names);
  GaugeFamily AddGauge(std::string name, std::vector<std::string> label_names,
                       GaugeMerge merge = GaugeMerge::kSum);
  // `edges`: finite upper edges, strictly ascending, without +Inf.
  HistogramFamily AddHistogram(std::string name, std::vector<std::string> label_names,
                               std::vector<double> edges);
  SummaryFamily AddSummary(std::string name, std::vector<std::string> label_names);

  // A shard for one more thread; lives as long as the registry.
  Shard& AddShard();
  void AddCollector(Collector collector);

  // The merged state. Families without a series are left out. `now_ms`: monotonic milliseconds (the clock
  // of Loop::NowMs and of Summary::Record), which decides what the rolling windows still hold.
  std::vector<Family> Collect(uint64_t now_ms) const;
  std::vector<Family> Collect() const { return Collect(MonotonicMs()); }

 private:
  friend class Shard;
  struct Description {
    std::string name;
    FamilyType type;
    GaugeMerge merge = GaugeMerge::kSum;
    std::vector<std::string> label_names;
    std::vector<double> edges;
  };
  uint32_t Add(Description description);

  std::vector<Description> families_;
  mutable std::mutex mutex_;  // shards_ and collectors_
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Collector> collectors_;
};

}  // namespace aisix::metrics
