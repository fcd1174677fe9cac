#include "admin_worker/status/status_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "absl/time/time.h"

namespace aisix::admin {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Timestamp(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

std::string State(const StatusView& view) {
  if (!view.applied) return "never_loaded";
  const bool any = !view.applied->counts.empty();
  if (view.newest_refused) return "out_of_sync";
  if (!view.rejected.empty()) return any ? "degraded" : "out_of_sync";
  return any ? "synced" : "empty";
}

OrderedJson RenderRejected(const StatusView::Rejected& row, int64_t now) {
  OrderedJson rendered = {{"resource_kind", row.collection},
                          {"resource_id", row.id},
                          {"last_error_kind", row.error_kind},
                          {"last_error", row.error},
                          {"first_seen_at", Timestamp(row.first_seen)},
                          {"last_seen_at", Timestamp(row.last_seen)}};
  if (row.stale_since) {
    rendered["serving_stale_since"] = Timestamp(*row.stale_since);
    rendered["serving_stale_age_seconds"] = std::max<int64_t>(0, now - *row.stale_since);
  }
  return rendered;
}

}  // namespace

std::string FailureReason(const std::string& error_kind) {
  if (error_kind == "fetch") return "fetch";
  return error_kind == "non_json" ? "parse" : "validate";
}

std::string RenderStatus(StatusView view, int64_t now) {
  const bool etcd = view.source == SourceType::kEtcd;
  std::stable_sort(view.rejected.begin(), view.rejected.end(), [](const auto& a, const auto& b) {
    return std::tie(a.collection, a.id) < std::tie(b.collection, b.id);
  });
  std::stable_sort(view.partially_compatible.begin(), view.partially_compatible.end(),
                   [](const auto& a, const auto& b) {
                     return std::tie(a.collection, a.field) < std::tie(b.collection, b.field);
                   });
  OrderedJson root;
  root["state"] = State(view);
  OrderedJson& source = root["source"];
  source["type"] = etcd ? "etcd" : "file";
  if (etcd) source["connected"] = view.connected;
  if (view.observed) {
    if (etcd) source["observed_revision"] = view.observed->revision;
    source["source_hash"] = view.observed->source_hash;
    source["observed_at"] = Timestamp(view.observed->at);
  }
  if (view.applied) {
    OrderedJson& applied = root["applied"];
    OrderedJson counts = OrderedJson::object();
    for (const auto& [collection, count] : view.applied->counts) counts[collection] = count;
    if (etcd) applied["applied_revision"] = view.applied->revision;
    applied["config_hash"] = view.applied->config_hash;
    applied["apply_seq"] = view.applied->sequence;
    applied["applied_at"] = Timestamp(view.applied->at);
    applied["resource_counts"] = std::move(counts);
  }
  if (view.last_reload)
    root["last_reload"] = {{"successful", view.last_reload->successful},
                           {"at", Timestamp(view.last_reload->at)}};
  root["last_failure"] = nullptr;
  if (view.last_failure)
    root["last_failure"] = {{"at", Timestamp(view.last_failure->at)},
                            {"last_error_kind", view.last_failure->kind},
                            {"last_error", view.last_failure->error}};
  root["rejected"] = OrderedJson::array();
  for (const StatusView::Rejected& row : view.rejected) root["rejected"].push_back(RenderRejected(row, now));
  root["partially_compatible"] = OrderedJson::array();
  for (const StatusView::Ignored& row : view.partially_compatible)
    root["partially_compatible"].push_back(
        {{"resource_kind", row.collection}, {"field", row.field}, {"count", row.rows}});
  return root.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

void AppendStatusMetrics(const StatusView& view, std::vector<metrics::Family>& families) {
  using metrics::FamilyType;
  const auto single = [&families](const char* name, FamilyType type, double value) {
    families.push_back(metrics::Single(name, type, {}, value));
  };
  const auto by_label = [&families](const char* name, FamilyType type, const char* label,
                                    const std::map<std::string, uint64_t>& values) {
    metrics::Family family;
    family.name = name;
    family.type = type;
    family.label_names = {label};
    for (const auto& [text, value] : values) {
      metrics::Sample sample;
      sample.label_values = {text};
      sample.value = static_cast<double>(value);
      family.samples.push_back(std::move(sample));
    }
    if (!family.samples.empty()) families.push_back(std::move(family));
  };
  if (view.last_reload)
    single("aisix_config_last_reload_successful", FamilyType::kGauge, view.last_reload->successful ? 1 : 0);
  if (view.last_success_at)
    single("aisix_config_last_reload_success_timestamp_seconds", FamilyType::kGauge,
           static_cast<double>(*view.last_success_at));
  single("aisix_config_reloads_total", FamilyType::kCounter, static_cast<double>(view.reloads));
  by_label("aisix_config_reload_failures_total", FamilyType::kCounter, "reason", view.reload_failures);
  by_label("aisix_config_rejected_resources", FamilyType::kGauge, "kind", view.rejected_rows);
  by_label("aisix_config_partially_compatible_resources", FamilyType::kGauge, "kind",
           view.partially_compatible_rows);
  by_label("aisix_config_stale_served_resources", FamilyType::kGauge, "kind", view.stale_rows);
  std::map<std::string, uint64_t> hashes;
  for (const std::string& hash : view.former_hashes) hashes[hash] = 0;
  if (view.applied) hashes[view.applied->config_hash] = 1;
  by_label("aisix_config_hash_info", FamilyType::kGauge, "hash", hashes);
  if (view.source != SourceType::kEtcd) return;
  single("aisix_config_source_connected", FamilyType::kGauge, view.connected ? 1 : 0);
  if (view.observed)
    single("aisix_config_observed_revision", FamilyType::kGauge,
           static_cast<double>(view.observed->revision));
  if (view.applied)
    single("aisix_config_applied_revision", FamilyType::kGauge, static_cast<double>(view.applied->revision));
}

}  // namespace aisix::admin
