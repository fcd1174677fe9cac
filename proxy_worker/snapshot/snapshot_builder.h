// Keeps the documents that admin pushed, compiled, and makes snapshots of them (DESIGN §2).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/model/kind.h"
#include "proxy_worker/snapshot/named_index.h"
#include "proxy_worker/snapshot/snapshot.h"

namespace aisix::proxy {

// Makes the plan of a provider key; called once per document.
using ProviderPlanner =
    std::function<std::unique_ptr<const ProviderPlan>(std::string_view id, const model::ProviderKey& key)>;

// A document that is ready to be taken over. Neither model nor provider key: the builder has it already, or
// the data plane does not use its kind yet.
struct CompiledDocument {
  model::Kind kind = model::Kind::kProviderKey;
  std::string id;
  crypto::Sha256 digest;  // of the text; recognises an unchanged one without keeping it (it may hold secrets)
  std::shared_ptr<const model::Model> model;
  std::shared_ptr<const ProviderKey> provider_key;
  uint64_t plans = 0;  // which Replan its plan is of
};

// A document is compiled once and shared by all snapshots until it changes; Build() costs what changed since
// the last one. For one thread at a time (the one that receives configuration).
class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(ProviderPlanner planner);
  ~SnapshotBuilder();
  SnapshotBuilder(const SnapshotBuilder&) = delete;
  SnapshotBuilder& operator=(const SnapshotBuilder&) = delete;

  // Decode a document, or say why it cannot be used. Nothing is changed by it. `kind`: any but kApiKey; an
  // unchanged caller's key is the one that the builder has.
  absl::StatusOr<CompiledDocument> Compile(model::Kind kind, const std::string& id, std::string_view json);
  absl::StatusOr<std::shared_ptr<const CallerKey>> CompileCaller(const std::string& id,
                                                                 std::string_view json);
  // Puts it in the place of the document with its id. There must have been no Take or Remove of that id since
  // it was compiled.
  void Take(CompiledDocument document);
  void TakeCaller(std::shared_ptr<const CallerKey> caller);
  // Both, for any kind. On an error the previous version stays.
  absl::Status Upsert(std::string_view kind, const std::string& id, std::string_view json);
  // Unknown documents are ignored.
  void Remove(std::string_view kind, const std::string& id);
  // Forgets every document that `keep` does not name: the end of a full synchronisation.
  void Retain(const std::function<bool(model::Kind kind, std::string_view id)>& keep);

  // Makes the plans of all provider keys anew.
  void Replan(ProviderPlanner planner);

  // `has_configuration` and `revision` are what the snapshot will say of itself.
  std::shared_ptr<const Snapshot> Build(bool has_configuration, int64_t revision);

 private:
  struct CallerId {
    using is_transparent = void;
    static std::string_view Of(const std::shared_ptr<const CallerKey>& caller) { return caller->id(); }
    static std::string_view Of(std::string_view id) { return id; }
    template <typename T>
    size_t operator()(const T& value) const {
      return absl::HashOf(Of(value));
    }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Of(a) == Of(b);
    }
  };
  struct ModelEntry {
    crypto::Sha256 digest;
    std::shared_ptr<const model::Model> document;
    std::shared_ptr<const Model> row;  // as it is in the indexes; null: not yet
  };
  struct ProviderKeyEntry {
    crypto::Sha256 digest;
    std::shared_ptr<const ProviderKey> key;
  };

  void RemoveCaller(std::string_view id);
  void RemoveModel(const std::string& id);
  void RemoveProviderKey(const std::string& id);
  std::shared_ptr<const ProviderKey> MakeProviderKey(const std::string& id,
                                                     model::ProviderKey document) const;
  void MarkModelsOf(const std::string& provider_key_id);
  // The row of a model as it is now, into the indexes.
  void Link(const std::string& id, ModelEntry& entry);
  void Unlink(const Model& row);
  std::shared_ptr<ModelHealth> HealthOf(const std::string& display_name);

  ProviderPlanner planner_;
  uint64_t plans_ = 0;  // counts the calls of Replan
  uint64_t last_serial_ = 0;

  GrantsPool grants_;
  absl::flat_hash_set<std::shared_ptr<const CallerKey>, CallerId, CallerId> callers_;
  NamedIndexEditor<CallerKey, ByDigest> callers_by_digest_;

  absl::flat_hash_map<std::string, ModelEntry> models_;
  absl::flat_hash_map<std::string, ProviderKeyEntry> provider_keys_;
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> models_of_key_;  // ids by id
  absl::flat_hash_set<std::string> changed_models_;                                   // to be linked
  NamedIndexEditor<Model, ByName> models_by_name_;
  persistent::Map<std::shared_ptr<const Model>>::Editor sorted_models_;
  using WildcardOrder = std::tuple<int64_t, std::string, std::string>;  // minus length, display name, id
  std::map<WildcardOrder, std::shared_ptr<const Model>> wildcards_;
  std::shared_ptr<const std::vector<std::shared_ptr<const Model>>> wildcard_list_;
  bool wildcards_changed_ = false;
  absl::flat_hash_map<std::string, std::weak_ptr<ModelHealth>> health_;  // by display name
  size_t sweep_health_at_ = 64;
};

}  // namespace aisix::proxy
