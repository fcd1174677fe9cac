#include "lib/metrics/registry.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"

namespace aisix::metrics {
namespace {

using LabelSpan = absl::Span<const std::string_view>;

[[noreturn]] void Die(const char* what, const std::string& name) {
  std::fprintf(stderr, "metrics: %s: %s\n", what, name.c_str());
  std::abort();
}

struct Node {
  virtual ~Node() = default;
  std::vector<std::string> labels;
  size_t hash = 0;
  std::atomic<Node*> next{nullptr};
};

struct CounterNode : Node {
  explicit CounterNode(absl::Span<const double>) {}
  Counter value;
};
struct GaugeNode : Node {
  explicit GaugeNode(absl::Span<const double>) {}
  Gauge value;
};
struct HistogramNode : Node {
  explicit HistogramNode(absl::Span<const double> edges) : value(edges) {}
  Histogram value;
};
struct SummaryNode : Node {
  explicit SummaryNode(absl::Span<const double>) {}
  Summary value;
};

struct NodeHash {
  using is_transparent = void;
  size_t operator()(const Node* node) const { return node->hash; }
  size_t operator()(LabelSpan labels) const { return absl::Hash<LabelSpan>()(labels); }
};

struct NodeEqual {
  using is_transparent = void;
  bool operator()(const Node* a, const Node* b) const { return a == b; }
  bool operator()(const Node* node, LabelSpan labels) const {
    for (size_t i = 0; i < labels.size(); ++i) {
      if (node->labels[i] != labels[i]) return false;
    }
    return true;
  }
  bool operator()(LabelSpan labels, const Node* node) const { return (*this)(node, labels); }
};

}  // namespace

// The writer finds series through `index`; readers walk the list, which only grows at its end.
struct Shard::FamilyTable {
  ~FamilyTable() {
    for (Node* node = head.load(std::memory_order_relaxed); node != nullptr;) {
      Node* next = node->next.load(std::memory_order_relaxed);
      delete node;
      node = next;
    }
  }
  void Append(Node* node) {
    std::atomic<Node*>& link = tail == nullptr ? head : tail->next;
    tail = node;
    link.store(node, std::memory_order_release);
  }

  absl::flat_hash_set<Node*, NodeHash, NodeEqual> index;
  std::atomic<Node*> head{nullptr};
  Node* tail = nullptr;
};

Shard::Shard(const Registry& registry)
    : registry_(registry),
      tables_(std::make_unique<std::unique_ptr<FamilyTable>[]>(registry.families_.size())) {
  for (size_t i = 0; i < registry.families_.size(); ++i) tables_[i] = std::make_unique<FamilyTable>();
}

Shard::~Shard() = default;

template <typename NodeType>
NodeType& Shard::Find(uint32_t index, FamilyType type, LabelSpan labels) {
  const Registry::Description& family = registry_.families_[index];
  if (family.type != type || family.label_names.size() != labels.size()) {
    Die("wrong type or number of labels", family.name);
  }
  FamilyTable& table = *tables_[index];
  auto found = table.index.find(labels);
  if (found != table.index.end()) return static_cast<NodeType&>(**found);
  auto node = std::make_unique<NodeType>(absl::MakeConstSpan(family.edges));
  node->labels.assign(labels.begin(), labels.end());
  node->hash = NodeHash()(labels);
  table.index.insert(node.get());
  table.Append(node.get());
  return *node.release();
}

Counter& Shard::Get(CounterFamily family, LabelSpan labels) {
  return Find<CounterNode>(family.index, FamilyType::kCounter, labels).value;
}
Gauge& Shard::Get(GaugeFamily family, LabelSpan labels) {
  return Find<GaugeNode>(family.index, FamilyType::kGauge, labels).value;
}
Histogram& Shard::Get(HistogramFamily family, LabelSpan labels) {
  return Find<HistogramNode>(family.index, FamilyType::kHistogram, labels).value;
}
Summary& Shard::Get(SummaryFamily family, LabelSpan labels) {
  return Find<SummaryNode>(family.index, FamilyType::kSummary, labels).value;
}

Registry::Registry() = default;
Registry::~Registry() = default;

uint32_t Registry::Add(Description description) {
  std::lock_guard lock(mutex_);
  if (!shards_.empty()) Die("declared after the first shard", description.name);
  for (const Description& other : families_) {
    if (other.name == description.name) Die("declared twice", description.name);
  }
  families_.push_back(std::move(description));
  return static_cast<uint32_t>(families_.size() - 1);
}

CounterFamily Registry::AddCounter(std::string name, std::vector<std::string> label_names) {
  return {Add({std::move(name), FamilyType::kCounter, GaugeMerge::kSum, std::move(label_names), {}})};
}

GaugeFamily Registry::AddGauge(std::string name, std::vector<std::string> label_names, GaugeMerge merge) {
  return {Add({std::move(name), FamilyType::kGauge, merge, std::move(label_names), {}})};
}

HistogramFamily Registry::AddHistogram(std::string name, std::vector<std::string> label_names,
                                       std::vector<double> edges) {
  return {Add(
      {std::move(name), FamilyType::kHistogram, GaugeMerge::kSum, std::move(label_names), std::move(edges)})};
}

SummaryFamily Registry::AddSummary(std::string name, std::vector<std::string> label_names) {
  return {Add({std::move(name),
               FamilyType::kSummary,
               GaugeMerge::kSum,
               std::move(label_names),
               {kQuantiles.begin(), kQuantiles.end()}})};
}

Shard& Registry::AddShard() {
  std::lock_guard lock(mutex_);
  shards_.push_back(std::unique_ptr<Shard>(new Shard(*this)));
  return *shards_.back();
}

void Registry::AddCollector(Collector collector) {
  std::lock_guard lock(mutex_);
  collectors_.push_back(std::move(collector));
}

namespace {

// One series while the shards are merged into it.
struct Merging {
  Sample sample;
  uint64_t set_at = 0;
  std::unique_ptr<Sketch> sketch;
};

void Add(const Counter& value, GaugeMerge, uint64_t, Merging& into) {
  into.sample.value += static_cast<double>(value.value());
}

void Add(const Gauge& value, GaugeMerge merge, uint64_t, Merging& into) {
  if (merge == GaugeMerge::kSum) {
    into.sample.value += value.value();
  } else if (value.set_at() >= into.set_at) {
    into.set_at = value.set_at();
    into.sample.value = value.value();
  }
}

void Add(const Histogram& value, GaugeMerge, uint64_t, Merging& into) {
  into.sample.buckets.resize(value.bucket_count());
  for (size_t i = 0; i < value.bucket_count(); ++i) {
    uint64_t count = value.bucket(i);
    into.sample.buckets[i] += count;
    into.sample.count += count;
  }
  into.sample.value += value.sum();
}

void Add(const Summary& value, GaugeMerge, uint64_t now_ms, Merging& into) {
  if (into.sketch == nullptr) into.sketch = std::make_unique<Sketch>();
  value.AddWindow(now_ms, *into.sketch);
  into.sample.count += value.count();
  into.sample.value += value.sum();
}

// The series of one family in the order in which they appeared.
class Merger {
 public:
  Merger(GaugeMerge merge, uint64_t now_ms) : merge_(merge), now_ms_(now_ms) {}

  template <typename NodeType>
  void AddList(const Node* head) {
    for (const Node* node = head; node != nullptr; node = node->next.load(std::memory_order_acquire)) {
      auto [position, added] = positions_.emplace(node->labels, series_.size());
      if (added) {
        series_.emplace_back();
        series_.back().sample.label_values = node->labels;
      }
      Add(static_cast<const NodeType*>(node)->value, merge_, now_ms_, series_[position->second]);
    }
  }

  std::vector<Sample> Take() {
    std::vector<Sample> samples;
    samples.reserve(series_.size());
    for (Merging& series : series_) {
      if (series.sketch != nullptr) {
        for (double quantile : kQuantiles) {
          series.sample.quantiles.push_back(series.sketch->Quantile(quantile));
        }
      }
      samples.push_back(std::move(series.sample));
    }
    return samples;
  }

 private:
  GaugeMerge merge_;
  uint64_t now_ms_;
  std::vector<Merging> series_;
  std::map<std::vector<std::string>, size_t> positions_;
};

}  // namespace

std::vector<Family> Registry::Collect(uint64_t now_ms) const {
  std::vector<const Shard*> shards;
  std::vector<Collector> collectors;
  {
    std::lock_guard lock(mutex_);
    for (const auto& shard : shards_) shards.push_back(shard.get());
    collectors = collectors_;
  }
  std::vector<Family> families;
  for (size_t index = 0; index < families_.size(); ++index) {
    const Description& description = families_[index];
    Merger merger(description.merge, now_ms);
    for (const Shard* shard : shards) {
      const Node* head = shard->tables_[index]->head.load(std::memory_order_acquire);
      switch (description.type) {
        case FamilyType::kCounter:
          merger.AddList<CounterNode>(head);
          break;
        case FamilyType::kGauge:
          merger.AddList<GaugeNode>(head);
          break;
        case FamilyType::kHistogram:
          merger.AddList<HistogramNode>(head);
          break;
        case FamilyType::kSummary:
          merger.AddList<SummaryNode>(head);
          break;
      }
    }
    Family family{description.name, description.type, description.label_names, description.edges,
                  merger.Take()};
    if (description.type == FamilyType::kGauge && description.merge == GaugeMerge::kSum) {
      family.across = Across::kSum;
    }
    if (!family.samples.empty()) families.push_back(std::move(family));
  }
  for (const Collector& collector : collectors) collector(families);
  return families;
}

}  // namespace aisix::metrics
