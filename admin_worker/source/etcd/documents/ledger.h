// What etcd holds and what of it serves (spec 02 §3.3, §4, §5): full loads and single changes go in, the set
// of documents, pins, rejections and reports come out. Knows no network, no time and no file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin_worker/resources/document_set.h"
#include "admin_worker/schema/catalog.h"
#include "admin_worker/source/etcd/client/change.h"
#include "admin_worker/source/etcd/documents/key_space.h"
#include "admin_worker/source/etcd/documents/observed.h"
#include "admin_worker/source/etcd/documents/rejections.h"
#include "admin_worker/source/etcd/documents/reports.h"

namespace aisix::admin::etcd {

// A pin of a saved state.
struct SavedPin {
  std::string key, value;
  int64_t revision = 0;
  int64_t since = 0;  // seconds since 1970
};

// What a full load or a batch of changes did.
struct Outcome {
  std::vector<std::pair<std::string, ObservedPtr>> touched;  // keys with what they hold now; null: nothing
  bool content_changed = false;         // the bytes that serve are others than before: config_hash moves
  bool fresh = false;                   // something was accepted or deleted
  bool last_accepted = true;            // the last document of the batch; of a load: all of them
  std::set<std::string> refused_kinds;  // error kinds that occurred
  std::optional<Refused> last_refused;
  // For the log.
  std::vector<std::pair<std::string, Refused>> refused;  // at most kMaxLogged, with their keys
  uint64_t refused_count = 0;
  std::vector<std::string> newly_ignored;  // "models: a, b": once per process each
  std::vector<std::string> lost_pins;      // keys whose saved pin this build cannot decode
  std::vector<std::string> unreadable_deletions;
  bool reports_overflowed = false;
};

// One thread.
class Ledger {
 public:
  static constexpr size_t kMaxLogged = 20;

  // Borrowed. `threads`: on which large loads are checked.
  Ledger(const KeySpace& keys, const SchemaCatalog& schemas, unsigned threads);

  // A full load in pages, in the order of the keys. Nothing changes before FinishLoad.
  void BeginLoad();
  void AddPage(std::vector<KeyValue> page);
  // `pins`: of a saved state, else empty.
  Outcome FinishLoad(const std::vector<SavedPin>& pins, int64_t now);

  Outcome Apply(std::vector<Change> changes, int64_t now);

  // Since when keys are refused, from a saved state.
  void RestoreTimes(const std::map<std::string, int64_t>& first_seen) { rejections_.TakeTimes(first_seen); }

  const DocumentSet& documents() const { return documents_; }
  const ObservedTable& table() const { return table_; }
  const Rejections& rejections() const { return rejections_; }
  const Reports& reports() const { return reports_; }
  // All of them, not only those that are kept for the status; by collection.
  const std::map<std::string, uint64_t>& rejected_counts() const { return rejected_counts_; }
  const std::map<std::string, uint64_t>& pinned_counts() const { return pinned_counts_; }

 private:
  class Step;
  ObservedPtr Check(std::string_view key, std::string value, int64_t revision) const;

  const KeySpace& keys_;
  const SchemaCatalog& schemas_;
  const unsigned threads_;
  DocumentSet documents_;
  ObservedTable table_;
  Rejections rejections_;
  Reports reports_;
  std::map<std::string, uint64_t> rejected_counts_, pinned_counts_;
  std::set<std::string> told_ignored_;
  std::vector<std::pair<std::string, ObservedPtr>> loading_;
};

}  // namespace aisix::admin::etcd
