#include "admin_worker/status/config_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace aisix::admin {
namespace {

using model::Kind;

// spec 02 §9.1: in file mode these are not counted.
bool IsCounted(SourceType source, Kind kind) {
  if (source == SourceType::kEtcd) return true;
  return kind != Kind::kOidcProvider && kind != Kind::kClaimMapping && kind != Kind::kMcpAuthSettings;
}

}  // namespace

ConfigStatus::ConfigStatus(SourceType source) : source_(source) {}

void ConfigStatus::OnAccepted(const std::string& source_hash, absl::Time now) {
  const std::lock_guard lock(mutex_);
  source_hash_ = source_hash;
  observed_at_ = absl::ToUnixSeconds(now);
  newest_refused_ = false;
  last_reload_ok_ = true;
  last_reload_at_ = absl::ToUnixSeconds(now);
  last_success_at_ = last_reload_at_;
  rejections_.clear();
  ++reloads_;
  CountRejected();
}

void ConfigStatus::FailReload(const std::string& kind, const std::string& error, absl::Time now) {
  last_reload_ok_ = false;
  last_reload_at_ = absl::ToUnixSeconds(now);
  last_failure_ = ConfigFailure{last_reload_at_, kind, error};
  ++reloads_;
}

void ConfigStatus::OnRejected(const std::string& source_hash, const std::vector<Rejection>& rejections,
                              absl::Time now) {
  const std::lock_guard lock(mutex_);
  const int64_t seconds = absl::ToUnixSeconds(now);
  source_hash_ = source_hash;
  observed_at_ = seconds;
  newest_refused_ = true;
  std::map<std::string, SeenRejection> by_scope;
  std::set<std::string> reasons;
  for (const Rejection& rejection : rejections) {
    by_scope[rejection.scope] = {rejection, seconds, seconds};
    reasons.insert(FailureReason(rejection.error_kind));
  }
  for (const SeenRejection& earlier : rejections_) {
    const auto again = by_scope.find(earlier.rejection.scope);
    if (again != by_scope.end()) again->second.first_seen = earlier.first_seen;
  }
  rejections_.clear();
  for (auto& [scope, seen] : by_scope) rejections_.push_back(std::move(seen));
  std::stable_sort(rejections_.begin(), rejections_.end(),
                   [](const SeenRejection& a, const SeenRejection& b) {
                     return std::tie(a.rejection.collection, a.rejection.id) <
                            std::tie(b.rejection.collection, b.rejection.id);
                   });
  if (!rejections.empty()) FailReload(rejections.front().error_kind, rejections.front().error, now);
  for (const std::string& reason : reasons) ++reload_failures_[reason];
  CountRejected();
}

void ConfigStatus::OnFetchFailure(absl::Time now) {
  const std::lock_guard lock(mutex_);
  connected_ = false;
  FailReload("fetch", "configuration source unreachable", now);
  ++reload_failures_["fetch"];
}

void ConfigStatus::OnApplied(const std::string& config_hash, const DocumentSet& documents, absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (!applied_) applied_.emplace();
  if (applied_->config_hash != config_hash) {
    if (!applied_->config_hash.empty()) former_hashes_.insert(applied_->config_hash);
    former_hashes_.erase(config_hash);
    applied_->config_hash = config_hash;
    ++applied_->sequence;
    applied_->at = absl::ToUnixSeconds(now);
  }
  applied_->counts.clear();
  for (model::Kind kind : model::kKinds) {
    const size_t count = documents.Count(kind);
    if (count > 0 && IsCounted(source_, kind))
      applied_->counts[std::string(model::CollectionName(kind))] = count;
  }
}

bool ConfigStatus::applied() const {
  const std::lock_guard lock(mutex_);
  return applied_.has_value();
}

StatusView ConfigStatus::View() const {
  StatusView view;
  view.source = source_;
  view.connected = connected_;
  view.newest_refused = newest_refused_;
  if (observed_at_) view.observed = StatusView::Observation{source_hash_, *observed_at_, 0};
  if (applied_)
    view.applied =
        StatusView::Application{applied_->config_hash, applied_->sequence, applied_->at, 0, applied_->counts};
  if (last_reload_ok_) view.last_reload = StatusView::Reload{*last_reload_ok_, last_reload_at_};
  view.last_failure = last_failure_;
  for (const SeenRejection& seen : rejections_)
    view.rejected.push_back({seen.rejection.collection, seen.rejection.id, seen.rejection.error_kind,
                             seen.rejection.error, seen.first_seen, seen.last_seen, std::nullopt});
  view.last_success_at = last_success_at_;
  view.reloads = reloads_;
  view.reload_failures = reload_failures_;
  view.rejected_rows = rejected_by_kind_;
  view.former_hashes.assign(former_hashes_.begin(), former_hashes_.end());
  return view;
}

std::string ConfigStatus::ToJson(absl::Time now) const {
  const std::lock_guard lock(mutex_);
  return RenderStatus(View(), absl::ToUnixSeconds(now));
}

void ConfigStatus::AppendMetrics(std::vector<metrics::Family>& families) const {
  const std::lock_guard lock(mutex_);
  AppendStatusMetrics(View(), families);
}

void ConfigStatus::CountRejected() {
  for (auto& [kind, count] : rejected_by_kind_) count = 0;
  for (const SeenRejection& seen : rejections_) ++rejected_by_kind_[seen.rejection.collection];
}

nlohmann::json ConfigStatus::Save() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json saved = {{"source_hash", source_hash_},         {"newest_refused", newest_refused_},
                          {"last_reload_at", last_reload_at_},   {"reloads", reloads_},
                          {"reload_failures", reload_failures_}, {"rejected_by_kind", rejected_by_kind_},
                          {"former_hashes", former_hashes_},     {"rejections", nlohmann::json::array()}};
  if (observed_at_) saved["observed_at"] = *observed_at_;
  if (last_reload_ok_) saved["last_reload_ok"] = *last_reload_ok_;
  if (last_success_at_) saved["last_success_at"] = *last_success_at_;
  if (last_failure_)
    saved["last_failure"] = {
        {"at", last_failure_->at}, {"kind", last_failure_->kind}, {"error", last_failure_->error}};
  if (applied_)
    saved["applied"] = {{"config_hash", applied_->config_hash},
                        {"sequence", applied_->sequence},
                        {"at", applied_->at},
                        {"counts", applied_->counts}};
  for (const SeenRejection& seen : rejections_) {
    saved["rejections"].push_back({{"scope", seen.rejection.scope},
                                   {"collection", seen.rejection.collection},
                                   {"id", seen.rejection.id},
                                   {"error_kind", seen.rejection.error_kind},
                                   {"error", seen.rejection.error},
                                   {"first_seen", seen.first_seen},
                                   {"last_seen", seen.last_seen}});
  }
  return saved;
}

bool ConfigStatus::Restore(const nlohmann::json& saved) {
  const std::lock_guard lock(mutex_);
  try {
    std::optional<AppliedConfig> applied;
    if (saved.contains("applied")) {
      const auto& from = saved.at("applied");
      applied.emplace();
      from.at("config_hash").get_to(applied->config_hash);
      from.at("sequence").get_to(applied->sequence);
      from.at("at").get_to(applied->at);
      from.at("counts").get_to(applied->counts);
    }
    std::optional<ConfigFailure> failure;
    if (saved.contains("last_failure")) {
      const auto& from = saved.at("last_failure");
      failure.emplace();
      from.at("at").get_to(failure->at);
      from.at("kind").get_to(failure->kind);
      from.at("error").get_to(failure->error);
    }
    std::vector<SeenRejection> rejections;
    for (const auto& from : saved.at("rejections")) {
      SeenRejection seen;
      from.at("scope").get_to(seen.rejection.scope);
      from.at("collection").get_to(seen.rejection.collection);
      from.at("id").get_to(seen.rejection.id);
      from.at("error_kind").get_to(seen.rejection.error_kind);
      from.at("error").get_to(seen.rejection.error);
      from.at("first_seen").get_to(seen.first_seen);
      from.at("last_seen").get_to(seen.last_seen);
      rejections.push_back(std::move(seen));
    }
    const auto optional_time = [&saved](const char* name) {
      return saved.contains(name) ? std::optional<int64_t>(saved.at(name).get<int64_t>()) : std::nullopt;
    };
    const std::optional<int64_t> observed_at = optional_time("observed_at");
    const std::optional<int64_t> last_success_at = optional_time("last_success_at");
    std::optional<bool> reload_ok;
    if (saved.contains("last_reload_ok")) reload_ok = saved.at("last_reload_ok").get<bool>();
    const auto source_hash = saved.at("source_hash").get<std::string>();
    const auto newest_refused = saved.at("newest_refused").get<bool>();
    const auto last_reload_at = saved.at("last_reload_at").get<int64_t>();
    const auto reloads = saved.at("reloads").get<uint64_t>();
    auto reload_failures = saved.at("reload_failures").get<std::map<std::string, uint64_t>>();
    auto rejected_by_kind = saved.at("rejected_by_kind").get<std::map<std::string, uint64_t>>();
    auto former_hashes = saved.at("former_hashes").get<std::set<std::string>>();
    // Everything was there: nothing below can fail.
    applied_ = std::move(applied);
    last_failure_ = std::move(failure);
    rejections_ = std::move(rejections);
    observed_at_ = observed_at;
    last_success_at_ = last_success_at;
    last_reload_ok_ = reload_ok;
    source_hash_ = source_hash;
    newest_refused_ = newest_refused;
    last_reload_at_ = last_reload_at;
    reloads_ = reloads;
    reload_failures_ = std::move(reload_failures);
    rejected_by_kind_ = std::move(rejected_by_kind);
    former_hashes_ = std::move(former_hashes);
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace aisix::admin
