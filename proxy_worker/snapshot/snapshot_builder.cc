#include "proxy_worker/snapshot/snapshot_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "lib/model/kind.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kUnknownLabel = "unknown";

// Spec 11 §7.5, provider_key_name.
std::string LabelOf(std::string_view display_name) {
  constexpr size_t kMostCharacters = 256;
  std::string label;
  size_t characters = 0;
  for (char c : display_name) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;
    bool starts_character = (byte & 0xc0) != 0x80;
    if (starts_character && ++characters > kMostCharacters) break;
    label += c;
  }
  if (absl::StripAsciiWhitespace(label).empty()) label = kUnknownLabel;
  return label;
}

// Display name, then id.
std::string SortKey(const Model& row) {
  std::string key = row.document->display_name;
  key.push_back('\0');
  key += row.id;
  return key;
}

}  // namespace

SnapshotBuilder::SnapshotBuilder(ProviderPlanner planner) : planner_(std::move(planner)) {}
SnapshotBuilder::~SnapshotBuilder() = default;

absl::StatusOr<CompiledDocument> SnapshotBuilder::Compile(model::Kind kind, const std::string& id,
                                                          std::string_view json) {
  CompiledDocument compiled;
  compiled.kind = kind;
  compiled.id = id;
  compiled.digest = crypto::Sha256::Of(json);
  if (kind == model::Kind::kModel) {
    const auto present = models_.find(id);
    if (present != models_.end() && present->second.digest == compiled.digest) return compiled;
    absl::StatusOr<model::Model> document = model::ParseModel(json);
    if (!document.ok()) return document.status();
    compiled.model = std::make_shared<const model::Model>(*std::move(document));
  } else if (kind == model::Kind::kProviderKey) {
    const auto present = provider_keys_.find(id);
    if (present != provider_keys_.end() && present->second.digest == compiled.digest) return compiled;
    absl::StatusOr<model::ProviderKey> document = model::ParseProviderKey(json);
    if (!document.ok()) return document.status();
    compiled.provider_key = MakeProviderKey(id, *std::move(document));
    compiled.plans = plans_;
  }
  return compiled;
}

absl::StatusOr<std::shared_ptr<const CallerKey>> SnapshotBuilder::CompileCaller(const std::string& id,
                                                                                std::string_view json) {
  const crypto::Sha256 digest = crypto::Sha256::Of(json);
  CallerKey::Fingerprint fingerprint;
  std::copy_n(digest.bytes.begin(), fingerprint.size(), fingerprint.begin());
  const auto present = callers_.find(std::string_view(id));
  if (present != callers_.end() && (*present)->fingerprint() == fingerprint) return *present;
  absl::StatusOr<model::ApiKey> document = model::ParseApiKey(json);
  if (!document.ok()) return document.status();
  std::shared_ptr<const CallerGrants> grants = grants_.Intern(*document);
  return std::make_shared<const CallerKey>(++last_serial_, id, *document, std::move(grants), fingerprint);
}

std::shared_ptr<const ProviderKey> SnapshotBuilder::MakeProviderKey(const std::string& id,
                                                                    model::ProviderKey document) const {
  auto key = std::make_shared<ProviderKey>();
  key->id = id;
  key->document = std::move(document);
  key->label = LabelOf(key->document.display_name);
  if (planner_) key->plan = planner_(key->id, key->document);
  return key;
}

void SnapshotBuilder::Take(CompiledDocument document) {
  if (document.model != nullptr) {
    ModelEntry& entry = models_[document.id];
    if (entry.document != nullptr && entry.document->provider_key_id != document.model->provider_key_id)
      models_of_key_[entry.document->provider_key_id].erase(document.id);
    models_of_key_[document.model->provider_key_id].insert(document.id);
    entry.digest = document.digest;
    entry.document = std::move(document.model);
    changed_models_.insert(document.id);
  }
  if (document.provider_key != nullptr) {
    if (document.plans != plans_)
      document.provider_key = MakeProviderKey(document.id, document.provider_key->document);
    provider_keys_[document.id] = ProviderKeyEntry{document.digest, std::move(document.provider_key)};
    MarkModelsOf(document.id);
  }
}

absl::Status SnapshotBuilder::Upsert(std::string_view kind, const std::string& id, std::string_view json) {
  const std::optional<model::Kind> known = model::KindFromCollection(kind);
  if (!known) return absl::InvalidArgumentError("unknown kind");
  if (*known == model::Kind::kApiKey) {
    absl::StatusOr<std::shared_ptr<const CallerKey>> caller = CompileCaller(id, json);
    if (!caller.ok()) return caller.status();
    TakeCaller(*std::move(caller));
    return absl::OkStatus();
  }
  absl::StatusOr<CompiledDocument> document = Compile(*known, id, json);
  if (!document.ok()) return document.status();
  Take(*std::move(document));
  return absl::OkStatus();
}

void SnapshotBuilder::TakeCaller(std::shared_ptr<const CallerKey> caller) {
  const auto present = callers_.find(caller->id());
  if (present != callers_.end() && *present == caller) return;
  RemoveCaller(caller->id());
  callers_.insert(caller);
  if (caller->can_match()) callers_by_digest_.Put(std::move(caller));
}

void SnapshotBuilder::RemoveCaller(std::string_view id) {
  const auto present = callers_.find(id);
  if (present == callers_.end()) return;
  const std::shared_ptr<const CallerKey> caller = *present;
  if (caller->can_match()) callers_by_digest_.Remove(*caller);
  callers_.erase(present);
}

void SnapshotBuilder::MarkModelsOf(const std::string& provider_key_id) {
  const auto users = models_of_key_.find(provider_key_id);
  if (users != models_of_key_.end()) changed_models_.insert(users->second.begin(), users->second.end());
}

void SnapshotBuilder::RemoveModel(const std::string& id) {
  const auto entry = models_.find(id);
  if (entry == models_.end()) return;
  const auto users = models_of_key_.find(entry->second.document->provider_key_id);
  users->second.erase(id);
  if (users->second.empty()) models_of_key_.erase(users);
  if (entry->second.row != nullptr) Unlink(*entry->second.row);
  changed_models_.erase(id);
  models_.erase(entry);
}

void SnapshotBuilder::RemoveProviderKey(const std::string& id) {
  if (provider_keys_.erase(id) > 0) MarkModelsOf(id);
}

void SnapshotBuilder::Remove(std::string_view kind, const std::string& id) {
  const std::optional<model::Kind> known = model::KindFromCollection(kind);
  if (known == model::Kind::kApiKey) RemoveCaller(id);
  if (known == model::Kind::kModel) RemoveModel(id);
  if (known == model::Kind::kProviderKey) RemoveProviderKey(id);
}

void SnapshotBuilder::Retain(const std::function<bool(model::Kind kind, std::string_view id)>& keep) {
  std::vector<std::string> gone;
  for (const auto& caller : callers_) {
    if (!keep(model::Kind::kApiKey, caller->id())) gone.emplace_back(caller->id());
  }
  for (const std::string& id : gone) RemoveCaller(id);
  gone.clear();
  for (const auto& [id, entry] : models_) {
    if (!keep(model::Kind::kModel, id)) gone.push_back(id);
  }
  for (const std::string& id : gone) RemoveModel(id);
  gone.clear();
  for (const auto& [id, entry] : provider_keys_) {
    if (!keep(model::Kind::kProviderKey, id)) gone.push_back(id);
  }
  for (const std::string& id : gone) RemoveProviderKey(id);
}

void SnapshotBuilder::Replan(ProviderPlanner planner) {
  planner_ = std::move(planner);
  ++plans_;
  for (auto& [id, entry] : provider_keys_) {
    entry.key = MakeProviderKey(id, entry.key->document);
    MarkModelsOf(id);
  }
}

std::shared_ptr<ModelHealth> SnapshotBuilder::HealthOf(const std::string& display_name) {
  std::weak_ptr<ModelHealth>& known = health_[display_name];
  std::shared_ptr<ModelHealth> health = known.lock();
  if (health == nullptr) {
    health = std::make_shared<ModelHealth>();
    known = health;
  }
  return health;
}

void SnapshotBuilder::Unlink(const Model& row) {
  models_by_name_.Remove(row);
  sorted_models_.Erase(SortKey(row));
  const std::string& name = row.document->display_name;
  if (row.document->is_wildcard()) {
    wildcards_.erase(WildcardOrder(-static_cast<int64_t>(name.size()), name, row.id));
    wildcards_changed_ = true;
  }
}

void SnapshotBuilder::Link(const std::string& id, ModelEntry& entry) {
  auto row = std::make_shared<Model>();
  row->serial = ++last_serial_;
  row->id = id;
  row->document = entry.document;
  row->kind = entry.document->kind();
  if (auto key = provider_keys_.find(entry.document->provider_key_id); key != provider_keys_.end())
    row->provider_key = key->second.key;
  row->provider_label = entry.document->provider.empty() ? std::string(kUnknownLabel)
                                                         : absl::AsciiStrToLower(entry.document->provider);
  const std::string& name = entry.document->display_name;
  row->health = HealthOf(name);
  const std::shared_ptr<const Model> old = std::exchange(entry.row, row);
  if (old != nullptr &&
      (old->document->display_name != name || old->document->is_wildcard() != entry.document->is_wildcard()))
    Unlink(*old);
  models_by_name_.Put(row);
  sorted_models_.Put(SortKey(*row), row);
  if (entry.document->is_wildcard()) {
    wildcards_[WildcardOrder(-static_cast<int64_t>(name.size()), name, id)] = row;
    wildcards_changed_ = true;
  }
}

std::shared_ptr<const Snapshot> SnapshotBuilder::Build(bool has_configuration, int64_t revision) {
  for (const std::string& id : changed_models_) Link(id, models_.at(id));
  changed_models_.clear();
  if (health_.size() >= sweep_health_at_) {
    absl::erase_if(health_, [](const auto& entry) { return entry.second.expired(); });
    sweep_health_at_ = std::max<size_t>(64, 2 * health_.size());
  }
  if (std::exchange(wildcards_changed_, false)) {
    auto list = std::make_shared<std::vector<std::shared_ptr<const Model>>>();
    for (const auto& [order, row] : wildcards_) list->push_back(row);
    wildcard_list_ = std::move(list);
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->has_configuration_ = has_configuration;
  snapshot->revision_ = revision;
  snapshot->callers_ = callers_by_digest_.Finish();
  snapshot->models_by_name_ = models_by_name_.Finish();
  snapshot->models_ = sorted_models_.Finish();
  snapshot->wildcards_ = wildcard_list_;
  return snapshot;
}

}  // namespace aisix::proxy
