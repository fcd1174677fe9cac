// The configuration as the data plane reads it: immutable, indexed, with every reference resolved
// (DESIGN §2, spec 02 §1.2, 05 §3.8).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/crypto/sha256.h"
#include "lib/model/api_key.h"
#include "lib/model/model.h"
#include "lib/model/provider_key.h"

namespace aisix::proxy {

// What the code of a provider derives from one provider key, once per document: URLs, ready-made header
// fields, the TLS context. Read by many loops at once.
class ProviderPlan {
 public:
  virtual ~ProviderPlan() = default;
};

// One caller key.
struct CallerKey {
  uint64_t serial = 0;  // unique for the life of the process: a changed document has another one
  std::string id;
  model::ApiKey document;
};

struct ProviderKey {
  std::string id;
  model::ProviderKey document;
  std::string label;  // for metrics: the display name without control characters, at most 256 characters
  std::unique_ptr<const ProviderPlan> plan;  // null: the builder was given no planner (tests)
};

// How a model's upstream has been doing; lives as long as the name is configured, across snapshots. Any
// thread.
class ModelHealth {
 public:
  void RecordSuccess() {
    if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0, std::memory_order_relaxed);
  }
  void RecordFailure() { failures_.fetch_add(1, std::memory_order_relaxed); }
  uint32_t consecutive_failures() const { return failures_.load(std::memory_order_relaxed); }
  // 0 healthy, 1 degraded, 2 down (spec 01 §8.6).
  int Level() const;

 private:
  std::atomic<uint32_t> failures_{0};
};

// One model row.
struct Model {
  uint64_t serial = 0;  // as of CallerKey; also changes with the provider key
  std::string id;
  std::shared_ptr<const model::Model> document;
  model::ModelKind kind = model::ModelKind::kDirect;
  // The key that provider_key_id names. Null: the row names none, or a key that does not exist; the request
  // is answered with the texts of spec 05 §5.3.
  std::shared_ptr<const ProviderKey> provider_key;
  std::string provider_label;  // the vendor in lower case; "unknown" when the row has none
  std::shared_ptr<ModelHealth> health;
};

// The row that serves a name.
struct ModelMatch {
  const Model* model = nullptr;  // null: no row does
  bool wildcard = false;         // the row's display name is a pattern
  std::string_view captured;     // then: what its `*` stands for; a part of the requested name

  explicit operator bool() const { return model != nullptr; }
  // The model id to send upstream, appended to `out` (anything with Append(string_view)).
  template <typename Text>
  void AppendUpstreamName(Text& out) const {
    std::string_view name = UpstreamTemplate();
    size_t star = wildcard ? name.find('*') : std::string_view::npos;
    if (wildcard && name.empty()) {
      out.Append(captured);
    } else if (star == std::string_view::npos) {
      out.Append(name);
    } else {
      out.Append(name.substr(0, star));
      out.Append(captured);
      out.Append(name.substr(star + 1));
    }
  }
  // The row's own model_name; empty when it has none.
  std::string_view UpstreamTemplate() const;
};

class Snapshot {
 public:
  Snapshot();  // no configuration yet
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // Whether any configuration was applied since the start, an empty one included (spec 01 §8.2).
  bool has_configuration() const { return has_configuration_; }
  int64_t revision() const { return revision_; }

  // Null: no key has this hash. Allocates nothing.
  const CallerKey* FindCaller(const crypto::Sha256& hash) const;
  // Spec 05 §3.8. Allocates nothing. `captured` points into `name`.
  ModelMatch FindModel(std::string_view name) const;
  // Every row, sorted by display name (byte order), then id.
  const std::vector<std::shared_ptr<const Model>>& models() const { return models_; }

 private:
  friend class SnapshotBuilder;

  struct DigestHash {  // digests are uniformly distributed: eight of their bytes are a hash
    size_t operator()(const crypto::Sha256& digest) const {
      size_t value;
      static_assert(sizeof(value) <= crypto::Sha256::kSize - 8);
      std::memcpy(&value, digest.bytes.data() + 8, sizeof(value));
      return value;
    }
  };
  // Callers are cut into shards by the first byte of their hash, so that a changed key costs the copy of one
  // small shard; unchanged shards are shared between snapshots.
  using CallerShard = absl::flat_hash_map<crypto::Sha256, std::shared_ptr<const CallerKey>, DigestHash>;
  static constexpr size_t kShards = 256;

  bool has_configuration_ = false;
  int64_t revision_ = 0;
  std::array<std::shared_ptr<const CallerShard>, kShards> callers_;
  std::vector<std::shared_ptr<const Model>> models_;
  absl::flat_hash_map<std::string_view, const Model*> models_by_name_;  // keys point into models_
  std::vector<const Model*> wildcards_;                                 // longest literal part first
};

}  // namespace aisix::proxy
