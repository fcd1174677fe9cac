#include "admin_worker/push/push_metrics.h"

namespace aisix::admin {
namespace {

using metrics::Family;
using metrics::FamilyType;
using metrics::Sample;

constexpr std::array kZones{PushMetrics::Zone::kProxy, PushMetrics::Zone::kEgress};

Sample Count(std::vector<std::string> labels, uint64_t value) {
  Sample sample;
  sample.label_values = std::move(labels);
  sample.value = static_cast<double>(value);
  return sample;
}

Sample Window(std::vector<std::string> labels, const metrics::Summary& summary, uint64_t now_ms) {
  Sample sample;
  sample.label_values = std::move(labels);
  sample.value = summary.sum();
  sample.count = summary.count();
  metrics::Sketch sketch;
  summary.AddWindow(now_ms, sketch);
  for (double quantile : metrics::kQuantiles) sample.quantiles.push_back(sketch.Quantile(quantile));
  return sample;
}

Family& Add(std::vector<Family>& families, const char* name, FamilyType type,
            std::vector<std::string> label_names) {
  Family& family = families.emplace_back();
  family.name = name;
  family.type = type;
  family.label_names = std::move(label_names);
  if (type == FamilyType::kSummary)
    family.edges.assign(metrics::kQuantiles.begin(), metrics::kQuantiles.end());
  return family;
}

}  // namespace

std::string_view PushMetrics::NameOf(Zone zone) {
  return zone == Zone::kProxy ? "proxy" : "egress";
}

void PushMetrics::Pushed(Zone zone, bool full, size_t items, size_t bytes, absl::Duration duration) {
  Figures& figures = zones_[static_cast<size_t>(zone)];
  (full ? figures.full : figures.delta).Add();
  figures.items.Add(items);
  figures.bytes.Add(bytes);
  figures.duration.Record(absl::ToDoubleSeconds(duration), metrics::MonotonicMs());
}

void PushMetrics::Failed(Zone zone) {
  zones_[static_cast<size_t>(zone)].failures.Add();
}

void PushMetrics::Applied(absl::Duration lag) {
  lag_.Record(absl::ToDoubleSeconds(lag), metrics::MonotonicMs());
}

void PushMetrics::AppendMetrics(std::vector<Family>& families) const {
  const uint64_t now_ms = metrics::MonotonicMs();
  Family& pushes = Add(families, "aisix_config_pushes_total", FamilyType::kCounter, {"zone", "kind"});
  for (Zone zone : kZones) {
    const Figures& figures = zones_[static_cast<size_t>(zone)];
    pushes.samples.push_back(Count({std::string(NameOf(zone)), "full"}, figures.full.value()));
    pushes.samples.push_back(Count({std::string(NameOf(zone)), "delta"}, figures.delta.value()));
  }
  const auto by_zone = [&](const char* name, metrics::Counter Figures::*counter) {
    Family& family = Add(families, name, FamilyType::kCounter, {"zone"});
    for (Zone zone : kZones)
      family.samples.push_back(
          Count({std::string(NameOf(zone))}, (zones_[static_cast<size_t>(zone)].*counter).value()));
  };
  by_zone("aisix_config_push_documents_total", &Figures::items);
  by_zone("aisix_config_push_bytes_total", &Figures::bytes);
  by_zone("aisix_config_push_failures_total", &Figures::failures);
  Family& duration = Add(families, "aisix_config_push_seconds", FamilyType::kSummary, {"zone"});
  for (Zone zone : kZones)
    duration.samples.push_back(
        Window({std::string(NameOf(zone))}, zones_[static_cast<size_t>(zone)].duration, now_ms));
  Add(families, "aisix_config_propagation_seconds", FamilyType::kSummary, {})
      .samples.push_back(Window({}, lag_, now_ms));
  Add(families, "aisix_config_push_refused_documents", FamilyType::kGauge, {})
      .samples.push_back(Count({}, refused_.load(std::memory_order_relaxed)));
}

}  // namespace aisix::admin
