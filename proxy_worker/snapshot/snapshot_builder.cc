#include "proxy_worker/snapshot/snapshot_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "lib/json/text.h"
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

}  // namespace

SnapshotBuilder::SnapshotBuilder(ProviderPlanner planner) : planner_(std::move(planner)) {}
SnapshotBuilder::~SnapshotBuilder() = default;

absl::Status SnapshotBuilder::Upsert(std::string_view kind, const std::string& id, std::string_view json) {
  std::optional<model::Kind> known = model::KindFromCollection(kind);
  if (!known) return absl::InvalidArgumentError("unknown kind");
  switch (*known) {
    case model::Kind::kApiKey:
      return UpsertCaller(id, json);
    case model::Kind::kModel:
      return UpsertModel(id, json);
    case model::Kind::kProviderKey:
      return UpsertProviderKey(id, json);
    default:
      return absl::OkStatus();
  }
}

absl::Status SnapshotBuilder::UpsertCaller(const std::string& id, std::string_view json) {
  crypto::Sha256 digest = crypto::Sha256::Of(json);
  auto it = callers_.find(id);
  if (it != callers_.end() && it->second.digest == digest) return absl::OkStatus();
  absl::StatusOr<model::ApiKey> document = model::ParseApiKey(json);
  if (!document.ok()) return document.status();
  RemoveCaller(id);
  Caller& entry = callers_[id];
  entry.digest = digest;
  if (document->digest) {
    uint8_t shard = document->digest->bytes[0];
    entry.shard = shard;
    callers_of_shard_[shard][id] =
        std::make_shared<const CallerKey>(CallerKey{++last_serial_, id, *std::move(document)});
    shard_changed_[shard] = true;
  }
  return absl::OkStatus();
}

void SnapshotBuilder::RemoveCaller(const std::string& id) {
  auto it = callers_.find(id);
  if (it == callers_.end()) return;
  if (it->second.shard) {
    callers_of_shard_[*it->second.shard].erase(id);
    shard_changed_[*it->second.shard] = true;
  }
  callers_.erase(it);
}

absl::Status SnapshotBuilder::UpsertModel(const std::string& id, std::string_view json) {
  crypto::Sha256 digest = crypto::Sha256::Of(json);
  auto it = model_documents_.find(id);
  if (it != model_documents_.end() && it->second.digest == digest) return absl::OkStatus();
  absl::StatusOr<model::Model> document = model::ParseModel(json);
  if (!document.ok()) return document.status();
  model_documents_[id] = ModelDocument{digest, std::make_shared<const model::Model>(*std::move(document))};
  models_changed_ = true;
  return absl::OkStatus();
}

absl::Status SnapshotBuilder::UpsertProviderKey(const std::string& id, std::string_view json) {
  crypto::Sha256 digest = crypto::Sha256::Of(json);
  auto it = provider_keys_.find(id);
  if (it != provider_keys_.end() && it->second.digest == digest) return absl::OkStatus();
  absl::StatusOr<model::ProviderKey> document = model::ParseProviderKey(json);
  if (!document.ok()) return document.status();
  auto key = std::make_shared<ProviderKey>();
  key->id = id;
  key->document = *std::move(document);
  key->label = LabelOf(key->document.display_name);
  if (planner_) key->plan = planner_(key->id, key->document);
  provider_keys_[id] = ProviderKeyDocument{digest, std::move(key)};
  models_changed_ = true;
  return absl::OkStatus();
}

void SnapshotBuilder::Remove(std::string_view kind, const std::string& id) {
  std::optional<model::Kind> known = model::KindFromCollection(kind);
  if (!known) return;
  switch (*known) {
    case model::Kind::kApiKey:
      RemoveCaller(id);
      break;
    case model::Kind::kModel:
      models_changed_ |= model_documents_.erase(id) > 0;
      break;
    case model::Kind::kProviderKey:
      models_changed_ |= provider_keys_.erase(id) > 0;
      break;
    default:
      break;
  }
}

void SnapshotBuilder::Retain(const std::function<bool(std::string_view kind, const std::string& id)>& keep) {
  auto collect = [&keep](model::Kind kind, const auto& documents) {
    std::vector<std::string> gone;
    for (const auto& [id, document] : documents) {
      if (!keep(model::CollectionName(kind), id)) gone.push_back(id);
    }
    return gone;
  };
  for (const std::string& id : collect(model::Kind::kApiKey, callers_)) RemoveCaller(id);
  for (const std::string& id : collect(model::Kind::kModel, model_documents_)) {
    model_documents_.erase(id);
    models_changed_ = true;
  }
  for (const std::string& id : collect(model::Kind::kProviderKey, provider_keys_)) {
    provider_keys_.erase(id);
    models_changed_ = true;
  }
}

void SnapshotBuilder::Replan(ProviderPlanner planner) {
  planner_ = std::move(planner);
  for (auto& [id, entry] : provider_keys_) {
    auto key = std::make_shared<ProviderKey>();
    key->id = id;
    key->document = entry.key->document;
    key->label = entry.key->label;
    if (planner_) key->plan = planner_(key->id, key->document);
    entry.key = std::move(key);
    models_changed_ = true;
  }
}

void SnapshotBuilder::BuildModels() {
  std::erase_if(models_, [this](const auto& entry) { return !model_documents_.contains(entry.first); });
  for (const auto& [id, source] : model_documents_) {
    std::shared_ptr<const ProviderKey> provider_key;
    if (auto it = provider_keys_.find(source.document->provider_key_id); it != provider_keys_.end()) {
      provider_key = it->second.key;
    }
    std::shared_ptr<const Model>& row = models_[id];
    if (row != nullptr && row->document == source.document && row->provider_key == provider_key) continue;
    auto next = std::make_shared<Model>();
    next->serial = ++last_serial_;
    next->id = id;
    next->document = source.document;
    next->kind = source.document->kind();
    next->provider_key = std::move(provider_key);
    next->provider_label = source.document->provider.empty()
                               ? std::string(kUnknownLabel)
                               : absl::AsciiStrToLower(source.document->provider);
    std::weak_ptr<ModelHealth>& health = health_[source.document->display_name];
    next->health = health.lock();
    if (next->health == nullptr) {
      next->health = std::make_shared<ModelHealth>();
      health = next->health;
    }
    row = std::move(next);
  }
  absl::erase_if(health_, [](const auto& entry) { return entry.second.expired(); });
}

std::shared_ptr<const Snapshot> SnapshotBuilder::Build(bool has_configuration, int64_t revision) {
  for (size_t i = 0; i < Snapshot::kShards; ++i) {
    if (!std::exchange(shard_changed_[i], false)) continue;
    if (callers_of_shard_[i].empty()) {
      shards_[i] = nullptr;
      continue;
    }
    auto shard = std::make_shared<Snapshot::CallerShard>();
    shard->reserve(callers_of_shard_[i].size());
    for (const auto& [id, key] : callers_of_shard_[i]) (*shard)[*key->document.digest] = key;
    shards_[i] = std::move(shard);
  }
  if (std::exchange(models_changed_, false)) BuildModels();

  auto snapshot = std::make_shared<Snapshot>();
  snapshot->has_configuration_ = has_configuration;
  snapshot->revision_ = revision;
  snapshot->callers_ = shards_;
  snapshot->models_.reserve(models_.size());
  for (const auto& [id, row] : models_) snapshot->models_.push_back(row);
  // Stable: rows of one name stay in the order of their ids.
  std::stable_sort(snapshot->models_.begin(), snapshot->models_.end(), [](const auto& a, const auto& b) {
    return a->document->display_name < b->document->display_name;
  });
  snapshot->models_by_name_.reserve(snapshot->models_.size());
  for (const auto& row : snapshot->models_) {
    snapshot->models_by_name_[row->document->display_name] = row.get();  // the highest id wins
    if (row->document->is_wildcard()) snapshot->wildcards_.push_back(row.get());
  }
  std::stable_sort(snapshot->wildcards_.begin(), snapshot->wildcards_.end(),
                   [](const Model* a, const Model* b) {
                     return a->document->display_name.size() > b->document->display_name.size();
                   });
  return snapshot;
}

}  // namespace aisix::proxy
