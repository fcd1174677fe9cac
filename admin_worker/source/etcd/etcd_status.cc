#include "admin_worker/source/etcd/etcd_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace aisix::admin::etcd {
namespace {

// Former hashes are shown as series of value 0: a series for each of thousands of changes would drown the
// metrics.
constexpr size_t kFormerHashes = 16;
// Versions that were never acknowledged by themselves, because a newer one was.
constexpr size_t kMaxUnapplied = 4096;
constexpr char kUnreachable[] = "configuration source unreachable";

std::string RefusalText(const PushRefusal& refusal) {
  return fmt::format("refused by the {} worker: {}", refusal.zone, refusal.reason);
}

}  // namespace

void EtcdStatus::TakeLedger(const VersionPtr& version, const Ledger& ledger) {
  observed_ = version;
  rejected_.assign(ledger.rejections().list().begin(), ledger.rejections().list().end());
  rejected_rows_ = ledger.rejected_counts();
  stale_rows_ = ledger.pinned_counts();
  if (reports_version_ == ledger.reports().version()) return;
  reports_version_ = ledger.reports().version();
  ignored_ = ledger.reports().Fields();
  for (auto& [collection, rows] : ignored_rows_) rows = 0;  // a kind that is gone stays, at 0
  for (const auto& [collection, rows] : ledger.reports().RowsByCollection()) ignored_rows_[collection] = rows;
}

void EtcdStatus::OnObserved(const VersionPtr& version, const Ledger& ledger, const Outcome& outcome,
                            bool load, absl::Time now) {
  const std::lock_guard lock(mutex_);
  TakeLedger(version, ledger);
  connected_ = true;
  observed_at_ = absl::ToUnixSeconds(now);
  last_reload_ = StatusView::Reload{outcome.last_accepted, observed_at_};
  if (outcome.last_accepted) last_success_at_ = observed_at_;
  if (outcome.last_refused)
    last_failure_ =
        ConfigFailure{observed_at_, outcome.last_refused->error_kind, outcome.last_refused->error};
  if (load) {
    ++reloads_;
    std::set<std::string> reasons;
    for (const std::string& kind : outcome.refused_kinds) reasons.insert(FailureReason(kind));
    for (const std::string& reason : reasons) ++reload_failures_[reason];
  }
  unapplied_.emplace_back(version->number, now);
  if (unapplied_.size() > kMaxUnapplied) unapplied_.erase(unapplied_.begin() + 1);
}

void EtcdStatus::OnFetchFailure(absl::Time now) {
  const std::lock_guard lock(mutex_);
  connected_ = false;
  last_reload_ = StatusView::Reload{false, absl::ToUnixSeconds(now)};
  last_failure_ = ConfigFailure{absl::ToUnixSeconds(now), "fetch", kUnreachable};
  ++reloads_;
  ++reload_failures_["fetch"];
}

void EtcdStatus::OnApplied(const VersionPtr& version, const std::vector<PushRefusal>& refusals,
                           absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (!application_ || application_->sequence != version->sequence)
    application_ = Applied{version->sequence, absl::ToUnixSeconds(now)};
  applied_ = version;
  while (!unapplied_.empty() && unapplied_.front().first <= version->number) unapplied_.pop_front();
  std::vector<std::pair<PushRefusal, int64_t>> standing;
  for (const PushRefusal& refusal : refusals) {
    int64_t since = absl::ToUnixSeconds(now);
    for (const auto& [earlier, seen] : zone_refusals_) {
      if (earlier.kind == refusal.kind && earlier.id == refusal.id && earlier.revision == refusal.revision)
        since = seen;
    }
    standing.emplace_back(refusal, since);
  }
  zone_refusals_ = std::move(standing);
}

bool EtcdStatus::applied() const {
  const std::lock_guard lock(mutex_);
  return application_.has_value();
}

std::pair<Hashes, Hashes> EtcdStatus::CurrentHashes() const {
  VersionPtr observed;
  VersionPtr applied;
  std::vector<std::pair<uint64_t, Hashes>> known;
  {
    const std::lock_guard lock(mutex_);
    observed = observed_;
    applied = applied_;
    known = hashes_;
  }
  std::vector<std::pair<uint64_t, Hashes>> used;
  const auto hashes_of = [&](const VersionPtr& version) {
    if (version == nullptr) return Hashes{};
    for (const auto* list : {&used, &known}) {
      for (const auto& [number, hashes] : *list) {
        if (number != version->number) continue;
        used.emplace_back(number, hashes);
        return used.back().second;
      }
    }
    used.emplace_back(version->number, ComputeHashes(version->table));
    return used.back().second;
  };
  std::pair<Hashes, Hashes> result;
  result.first = hashes_of(observed);
  result.second = hashes_of(applied);
  const std::lock_guard lock(mutex_);
  hashes_ = std::move(used);
  if (applied != nullptr && result.second.config != last_hash_) {
    if (!last_hash_.empty()) former_hashes_.push_back(last_hash_);
    last_hash_ = result.second.config;
    std::erase(former_hashes_, last_hash_);
    if (former_hashes_.size() > kFormerHashes) former_hashes_.pop_front();
  }
  return result;
}

StatusView EtcdStatus::View(const Hashes& observed, const Hashes& applied) const {
  StatusView view;
  view.source = SourceType::kEtcd;
  view.connected = connected_;
  if (observed_ != nullptr)
    view.observed = StatusView::Observation{observed.source, observed_at_, observed_->generation};
  if (application_) {
    StatusView::Application application{
        applied.config, application_->sequence, application_->at, applied_->generation, {}};
    for (model::Kind kind : model::kKinds) {
      if (const size_t count = applied_->documents.Count(kind); count > 0)
        application.counts[std::string(model::CollectionName(kind))] = count;
    }
    view.applied = std::move(application);
  }
  view.last_reload = last_reload_;
  view.last_failure = last_failure_;
  for (const RejectedKey& row : rejected_) {
    const Refused& refusal = row.observed->refusal();
    StatusView::Rejected rejected{refusal.collection, refusal.id,    refusal.error_kind, refusal.error,
                                  row.first_seen,     row.last_seen, std::nullopt};
    if (const Observed::Pin* pin = row.observed->pin()) rejected.stale_since = pin->since;
    view.rejected.push_back(std::move(rejected));
  }
  for (const auto& [refusal, since] : zone_refusals_) {
    StatusView::Rejected rejected{std::string(model::CollectionName(refusal.kind)),
                                  refusal.id,
                                  "parse_failed",
                                  RefusalText(refusal),
                                  since,
                                  since,
                                  std::nullopt};
    if (refusal.previous_serves) rejected.stale_since = since;
    view.rejected.push_back(std::move(rejected));
  }
  for (const IgnoredField& field : ignored_)
    view.partially_compatible.push_back({field.collection, field.field, field.rows});
  view.last_success_at = last_success_at_;
  view.reloads = reloads_;
  view.reload_failures = reload_failures_;
  view.rejected_rows = rejected_rows_;
  view.partially_compatible_rows = ignored_rows_;
  view.stale_rows = stale_rows_;
  view.former_hashes.assign(former_hashes_.begin(), former_hashes_.end());
  return view;
}

StatusView EtcdStatus::CurrentView() const {
  const auto [observed, applied] = CurrentHashes();
  const std::lock_guard lock(mutex_);
  return View(observed, applied);
}

std::string EtcdStatus::ToJson(absl::Time now) const {
  return RenderStatus(CurrentView(), absl::ToUnixSeconds(now));
}

void EtcdStatus::AppendMetrics(std::vector<metrics::Family>& families, absl::Time now) const {
  AppendStatusMetrics(CurrentView(), families);
  const std::lock_guard lock(mutex_);
  const double lag =
      unapplied_.empty() ? 0 : std::max(0.0, absl::ToDoubleSeconds(now - unapplied_.front().second));
  families.push_back(metrics::Single("aisix_config_unapplied_seconds", metrics::FamilyType::kGauge, {}, lag));
}

SnapshotAge EtcdStatus::Age(absl::Time now) const {
  const std::lock_guard lock(mutex_);
  SnapshotAge age;
  if (applied_ == nullptr) return age;
  age.revision = applied_->fresh_revision;
  age.age_seconds =
      static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixSeconds(now) - applied_->fresh_at));
  return age;
}

std::string EtcdStatus::Save() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json saved = {
      {"connected", connected_},
      {"observed_at", observed_at_},
      {"reloads", reloads_},
      {"reload_failures", reload_failures_},
      {"rejected_rows", rejected_rows_},
      {"stale_rows", stale_rows_},
      {"ignored_rows", ignored_rows_},
      {"first_seen", nlohmann::json::object()},
      {"former_hashes", std::vector<std::string>(former_hashes_.begin(), former_hashes_.end())},
      {"last_hash", last_hash_}};
  if (observed_ != nullptr) {
    saved["sequence"] = observed_->sequence;
    saved["fresh_revision"] = observed_->fresh_revision;
    saved["fresh_at"] = observed_->fresh_at;
  }
  if (application_) saved["applied"] = {{"sequence", application_->sequence}, {"at", application_->at}};
  if (last_reload_) saved["last_reload"] = {{"ok", last_reload_->successful}, {"at", last_reload_->at}};
  if (last_failure_)
    saved["last_failure"] = {
        {"at", last_failure_->at}, {"kind", last_failure_->kind}, {"error", last_failure_->error}};
  if (last_success_at_) saved["last_success_at"] = *last_success_at_;
  for (const RejectedKey& row : rejected_) saved["first_seen"][row.key] = row.first_seen;
  return saved.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<EtcdStatus::Restored> EtcdStatus::Parse(std::string_view text) {
  const nlohmann::json saved = nlohmann::json::parse(text, nullptr, false);
  try {
    Restored restored;
    restored.sequence = saved.at("sequence").get<uint64_t>();
    restored.fresh_revision = saved.at("fresh_revision").get<int64_t>();
    restored.fresh_at = saved.at("fresh_at").get<int64_t>();
    restored.first_seen = saved.at("first_seen").get<std::map<std::string, int64_t>>();
    return restored;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void EtcdStatus::Restore(std::string_view text, const VersionPtr& version, const Ledger& ledger) {
  const nlohmann::json saved = nlohmann::json::parse(text, nullptr, false);
  const std::lock_guard lock(mutex_);
  TakeLedger(version, ledger);
  const auto number = [](const nlohmann::json& object, const char* name) {
    return object.value(name, int64_t{0});
  };
  try {
    connected_ = saved.value("connected", false);
    observed_at_ = number(saved, "observed_at");
    reloads_ = saved.value("reloads", uint64_t{0});
    reload_failures_ = saved.at("reload_failures").get<std::map<std::string, uint64_t>>();
    // Kinds that are at 0 by now keep their series.
    for (const auto& [name, rows] :
         {std::pair("rejected_rows", &rejected_rows_), std::pair("stale_rows", &stale_rows_),
          std::pair("ignored_rows", &ignored_rows_)}) {
      for (const auto& [collection, count] : saved.at(name).items()) rows->emplace(collection, 0);
    }
    if (saved.contains("applied")) {
      application_ = Applied{saved["applied"].value("sequence", uint64_t{0}), number(saved["applied"], "at")};
      applied_ = version;
    }
    if (saved.contains("last_reload"))
      last_reload_ =
          StatusView::Reload{saved["last_reload"].value("ok", false), number(saved["last_reload"], "at")};
    if (saved.contains("last_failure"))
      last_failure_ = ConfigFailure{number(saved["last_failure"], "at"),
                                    saved["last_failure"].value("kind", std::string()),
                                    saved["last_failure"].value("error", std::string())};
    if (saved.contains("last_success_at")) last_success_at_ = number(saved, "last_success_at");
    last_hash_ = saved.value("last_hash", std::string());
    for (const auto& hash : saved.at("former_hashes")) former_hashes_.push_back(hash.get<std::string>());
  } catch (const nlohmann::json::exception&) {
    // What could be read is taken; the rest begins anew.
  }
}

}  // namespace aisix::admin::etcd
