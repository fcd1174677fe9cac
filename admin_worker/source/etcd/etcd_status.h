// What is known of the configuration from etcd, as `/status/config`, `/admin/v1/health` and the metrics show
// it (spec 02 §9, 01 §8.6).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "admin_worker/push/refusal_table.h"
#include "admin_worker/resources/configuration.h"
#include "admin_worker/source/etcd/documents/hashes.h"
#include "admin_worker/source/etcd/documents/ledger.h"
#include "admin_worker/status/model_status.h"
#include "admin_worker/status/status_view.h"

namespace aisix::admin::etcd {

// One version of the configuration, as this source publishes it, and what it was made of.
struct Version : Configuration {
  uint64_t number = 0;  // grows by one with every version of this worker
  ObservedTable table;
  uint64_t sequence = 0;       // grows when the content changed: `apply_seq`
  int64_t fresh_revision = 0;  // of the last event that was accepted or deleted something
  int64_t fresh_at = 0;        // its time, seconds since 1970
};
using VersionPtr = std::shared_ptr<const Version>;

// Every method may be called from any thread.
class EtcdStatus {
 public:
  // After the ledger changed. `load`: by a full load.
  void OnObserved(const VersionPtr& version, const Ledger& ledger, const Outcome& outcome, bool load,
                  absl::Time now);
  // etcd could not be read.
  void OnFetchFailure(absl::Time now);
  // Every zone has `version`.
  void OnApplied(const VersionPtr& version, const std::vector<PushRefusal>& refusals, absl::Time now);

  bool applied() const;
  std::string ToJson(absl::Time now) const;
  void AppendMetrics(std::vector<metrics::Family>& families, absl::Time now) const;
  // Nothing was applied yet: revision 0 and no age.
  SnapshotAge Age(absl::Time now) const;

  // For the state memory.
  std::string Save() const;
  struct Restored {
    uint64_t sequence = 0;
    int64_t fresh_revision = 0, fresh_at = 0;
    // When the rejected keys were first seen, by key.
    std::map<std::string, int64_t> first_seen;
  };
  // Takes over what Save wrote; `version` and `ledger` are what came of the rest of that state. nullopt, and
  // nothing changed, when the text is not that.
  static std::optional<Restored> Parse(std::string_view saved);
  void Restore(std::string_view saved, const VersionPtr& version, const Ledger& ledger);

 private:
  void TakeLedger(const VersionPtr& version, const Ledger& ledger);
  StatusView View(const Hashes& observed, const Hashes& applied) const;
  // The hashes of both tables; computed outside of the lock when they are not known.
  std::pair<Hashes, Hashes> CurrentHashes() const;
  StatusView CurrentView() const;

  mutable std::mutex mutex_;
  bool connected_ = false;
  VersionPtr observed_, applied_;
  int64_t observed_at_ = 0;
  struct Applied {
    uint64_t sequence = 0;
    int64_t at = 0;
  };
  std::optional<Applied> application_;
  std::optional<StatusView::Reload> last_reload_;
  std::optional<ConfigFailure> last_failure_;
  std::vector<RejectedKey> rejected_;
  std::map<std::string, uint64_t> rejected_rows_, stale_rows_, ignored_rows_;
  std::vector<IgnoredField> ignored_;
  std::optional<uint64_t> reports_version_;
  std::vector<std::pair<PushRefusal, int64_t>> zone_refusals_;  // with the time since when
  std::optional<int64_t> last_success_at_;
  uint64_t reloads_ = 0;
  std::map<std::string, uint64_t> reload_failures_;
  std::deque<std::pair<uint64_t, absl::Time>> unapplied_;  // numbers of versions, and when they came

  // Hashes of the versions last asked for, by number.
  mutable std::vector<std::pair<uint64_t, Hashes>> hashes_;
  mutable std::string last_hash_;
  mutable std::deque<std::string> former_hashes_;
};

}  // namespace aisix::admin::etcd
