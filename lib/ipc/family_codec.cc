#include "lib/ipc/family_codec.h"

namespace aisix::ipc {
namespace {

using metrics::FamilyType;

zone::MetricType TypeToProto(FamilyType type) {
  switch (type) {
    case FamilyType::kGauge:
      return zone::GAUGE;
    case FamilyType::kHistogram:
      return zone::HISTOGRAM;
    case FamilyType::kSummary:
      return zone::SUMMARY;
    case FamilyType::kCounter:
      break;
  }
  return zone::COUNTER;
}

FamilyType TypeFromProto(zone::MetricType type) {
  switch (type) {
    case zone::GAUGE:
      return FamilyType::kGauge;
    case zone::HISTOGRAM:
      return FamilyType::kHistogram;
    case zone::SUMMARY:
      return FamilyType::kSummary;
    default:
      return FamilyType::kCounter;
  }
}

zone::Across AcrossToProto(metrics::Across across) {
  switch (across) {
    case metrics::Across::kSum:
      return zone::SUM;
    case metrics::Across::kNewest:
      return zone::NEWEST;
    case metrics::Across::kUsual:
      break;
  }
  return zone::USUAL;
}

metrics::Across AcrossFromProto(zone::Across across) {
  switch (across) {
    case zone::SUM:
      return metrics::Across::kSum;
    case zone::NEWEST:
      return metrics::Across::kNewest;
    default:
      return metrics::Across::kUsual;
  }
}

bool Fits(const metrics::Family& family, const zone::Series& series) {
  if (static_cast<size_t>(series.label_values_size()) != family.label_names.size()) return false;
  if (family.type == FamilyType::kHistogram) {
    return static_cast<size_t>(series.buckets_size()) == family.edges.size() + 1;
  }
  if (family.type == FamilyType::kSummary) {
    return static_cast<size_t>(series.quantiles_size()) == family.edges.size();
  }
  return true;
}

}  // namespace

void ToProto(const metrics::Family& family, zone::Family& message) {
  message.set_name(family.name);
  message.set_type(TypeToProto(family.type));
  message.set_across(AcrossToProto(family.across));
  for (const std::string& name : family.label_names) message.add_label_names(name);
  message.mutable_edges()->Add(family.edges.begin(), family.edges.end());
  for (const metrics::Sample& sample : family.samples) {
    zone::Series& series = *message.add_series();
    for (const std::string& value : sample.label_values) series.add_label_values(value);
    series.set_value(sample.value);
    series.set_count(sample.count);
    series.mutable_buckets()->Add(sample.buckets.begin(), sample.buckets.end());
    series.mutable_quantiles()->Add(sample.quantiles.begin(), sample.quantiles.end());
  }
}

metrics::Family FromProto(const zone::Family& message) {
  metrics::Family family;
  family.name = message.name();
  family.type = TypeFromProto(message.type());
  family.across = AcrossFromProto(message.across());
  family.label_names.assign(message.label_names().begin(), message.label_names().end());
  family.edges.assign(message.edges().begin(), message.edges().end());
  for (const zone::Series& series : message.series()) {
    if (!Fits(family, series)) continue;
    metrics::Sample sample;
    sample.label_values.assign(series.label_values().begin(), series.label_values().end());
    sample.value = series.value();
    sample.count = series.count();
    sample.buckets.assign(series.buckets().begin(), series.buckets().end());
    sample.quantiles.assign(series.quantiles().begin(), series.quantiles().end());
    family.samples.push_back(std::move(sample));
  }
  return family;
}

}  // namespace aisix::ipc
