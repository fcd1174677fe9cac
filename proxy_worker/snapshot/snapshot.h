// The configuration as the data plane reads it: immutable, indexed, with every reference resolved
// (DESIGN §2, spec 02 §1.2, 05 §3.8).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/hash/hash.h"
#include "lib/crypto/sha256.h"
#include "lib/model/model.h"
#include "lib/model/provider_key.h"
#include "lib/persistent/index.h"
#include "lib/persistent/map.h"
#include "proxy_worker/snapshot/caller_key.h"

namespace aisix::proxy {

// What the code of a provider derives from one provider key, once per document: URLs, ready-made header
// fields, the TLS context. Read by many loops at once.
class ProviderPlan {
 public:
  virtual ~ProviderPlan() = default;
};

struct ProviderKey {
  std::string id;
  model::ProviderKey document;
  std::string label;  // for metrics: the display name without control characters, at most 256 characters
  std::unique_ptr<const ProviderPlan> plan;  // null: the builder was given no planner (tests)

  ProviderKey() = default;
  ~ProviderKey();  // wipes what may be a credential
  ProviderKey(const ProviderKey&) = delete;
  ProviderKey& operator=(const ProviderKey&) = delete;
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
  uint64_t serial = 0;  // as of CallerKey: a changed document, or provider key, has another one
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

// Policies of the indexes (lib/persistent/index.h, named_index.h).
struct ByDigest {
  using Key = crypto::Sha256;
  using OwnedKey = crypto::Sha256;
  static const Key& KeyOf(const CallerKey& caller) { return caller.digest(); }
  static size_t Hash(
      const Key& digest) {  // digests are uniformly distributed: eight of their bytes are a hash
    size_t value;
    static_assert(sizeof(value) <= crypto::Sha256::kSize - 8);
    std::memcpy(&value, digest.bytes.data() + 8, sizeof(value));
    return value;
  }
  static std::string_view IdOf(const CallerKey& caller) { return caller.id(); }
};
struct ByName {
  using Key = std::string_view;
  using OwnedKey = std::string;
  static Key KeyOf(const Model& model) { return model.document->display_name; }
  static size_t Hash(Key name) { return absl::HashOf(name); }
  static std::string_view IdOf(const Model& model) { return model.id; }
};

// Versions share everything that did not change: a snapshot costs what is new in it.
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
  // function(const Model&) for every row, sorted by display name (byte order), then id.
  template <typename Function>
  void ForEachModel(Function&& function) const {
    models_.ForEach([&](const std::string&, const std::shared_ptr<const Model>& row) { function(*row); });
  }

 private:
  friend class SnapshotBuilder;

  bool has_configuration_ = false;
  int64_t revision_ = 0;
  persistent::Index<CallerKey, ByDigest> callers_;
  persistent::Index<Model, ByName> models_by_name_;
  persistent::Map<std::shared_ptr<const Model>> models_;  // by display name, a zero byte, id
  std::shared_ptr<const std::vector<std::shared_ptr<const Model>>> wildcards_;  // longest literal part first
};

}  // namespace aisix::proxy
