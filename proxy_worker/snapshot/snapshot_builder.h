// Keeps the documents that admin pushed, compiled, and makes snapshots of them (DESIGN §2).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// Makes the plan of a provider key; called once per document.
using ProviderPlanner =
    std::function<std::unique_ptr<const ProviderPlan>(std::string_view id, const model::ProviderKey& key)>;

// A document is compiled once and shared by all snapshots until it changes; Build() makes new indexes of what
// changed only. For one thread (the one that receives configuration).
class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(ProviderPlanner planner);
  ~SnapshotBuilder();
  SnapshotBuilder(const SnapshotBuilder&) = delete;
  SnapshotBuilder& operator=(const SnapshotBuilder&) = delete;

  // Takes a document over, or says why it cannot be used; then a previous version of it stays. The kinds that
  // the data plane does not use yet are accepted and kept out of the snapshot.
  absl::Status Upsert(std::string_view kind, const std::string& id, std::string_view json);
  // Unknown documents are ignored.
  void Remove(std::string_view kind, const std::string& id);
  // Forgets every document that `keep` does not name: the end of a full synchronisation.
  void Retain(const std::function<bool(std::string_view kind, const std::string& id)>& keep);

  // Makes the plans of all provider keys anew.
  void Replan(ProviderPlanner planner);

  // `has_configuration` and `revision` are what the snapshot will say of itself.
  std::shared_ptr<const Snapshot> Build(bool has_configuration, int64_t revision);

 private:
  // A digest of the document's text recognises an unchanged one without keeping it (it may hold secrets).
  struct Caller {
    crypto::Sha256 digest;
    std::optional<uint8_t> shard;  // absent: a hash that nothing can match
  };
  struct ModelDocument {
    crypto::Sha256 digest;
    std::shared_ptr<const model::Model> document;
  };
  struct ProviderKeyDocument {
    crypto::Sha256 digest;
    std::shared_ptr<const ProviderKey> key;
  };
  using CallersById = std::map<std::string, std::shared_ptr<const CallerKey>>;

  absl::Status UpsertCaller(const std::string& id, std::string_view json);
  absl::Status UpsertModel(const std::string& id, std::string_view json);
  absl::Status UpsertProviderKey(const std::string& id, std::string_view json);
  void RemoveCaller(const std::string& id);
  void BuildModels();

  ProviderPlanner planner_;
  uint64_t last_serial_ = 0;

  absl::flat_hash_map<std::string, Caller> callers_;
  // Per shard in the order of ids: of two keys with one hash the highest id wins (spec 02 §1.2).
  std::array<CallersById, Snapshot::kShards> callers_of_shard_;
  std::array<bool, Snapshot::kShards> shard_changed_{};
  std::array<std::shared_ptr<const Snapshot::CallerShard>, Snapshot::kShards> shards_;

  std::map<std::string, ModelDocument> model_documents_;
  std::map<std::string, ProviderKeyDocument> provider_keys_;
  bool models_changed_ = false;
  std::map<std::string, std::shared_ptr<const Model>> models_;           // by id
  absl::flat_hash_map<std::string, std::weak_ptr<ModelHealth>> health_;  // by display name
};

}  // namespace aisix::proxy
