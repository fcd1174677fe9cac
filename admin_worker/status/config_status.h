// The state of a configuration that comes from a file, as `/status/config` and the `aisix_config_*` metrics
// show it (spec 02 §9).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "admin_worker/resources/document_set.h"
#include "admin_worker/status/status_view.h"
#include "lib/metrics/snapshot.h"

namespace aisix::admin {

struct Rejection {
  std::string scope;  // tells rejections apart: a scope of the file, or a key of etcd
  std::string collection;
  std::string id;
  std::string error_kind;  // "schema_failed" …
  std::string error;
};

// What was seen of a rejection; times are seconds since 1970.
struct SeenRejection {
  Rejection rejection;
  int64_t first_seen = 0, last_seen = 0;
};

struct AppliedConfig {
  std::string config_hash;
  uint64_t sequence = 0;
  int64_t at = 0;
  std::map<std::string, uint64_t> counts;  // non-zero ones, by collection
};

// Every method may be called from any thread.
class ConfigStatus {
 public:
  explicit ConfigStatus(SourceType source);

  // A file was read and accepted as a whole.
  void OnAccepted(const std::string& source_hash, absl::Time now);
  // A file was read and refused as a whole: what was applied before keeps serving.
  void OnRejected(const std::string& source_hash, const std::vector<Rejection>& rejections, absl::Time now);
  // The source could not be read.
  void OnFetchFailure(absl::Time now);
  // The zones acknowledged a set whose hash is `config_hash`.
  void OnApplied(const std::string& config_hash, const DocumentSet& documents, absl::Time now);

  bool applied() const;
  // The body of `/status/config`.
  std::string ToJson(absl::Time now) const;
  void AppendMetrics(std::vector<metrics::Family>& families) const;

  // For the state file.
  nlohmann::json Save() const;
  // Takes over what Save wrote; false (and nothing changed) when it is not that.
  bool Restore(const nlohmann::json& saved);

 private:
  StatusView View() const;
  void FailReload(const std::string& kind, const std::string& error, absl::Time now);
  void CountRejected();

  const SourceType source_;
  mutable std::mutex mutex_;
  bool connected_ = false;
  std::string source_hash_;
  std::optional<int64_t> observed_at_;  // all times: seconds since 1970
  std::optional<AppliedConfig> applied_;
  bool newest_refused_ = false;
  std::optional<bool> last_reload_ok_;
  int64_t last_reload_at_ = 0;
  std::optional<int64_t> last_success_at_;
  std::optional<ConfigFailure> last_failure_;
  std::vector<SeenRejection> rejections_;
  // Metrics.
  uint64_t reloads_ = 0;
  std::map<std::string, uint64_t> reload_failures_;   // by reason
  std::map<std::string, uint64_t> rejected_by_kind_;  // a kind that is gone stays, at 0
  std::set<std::string> former_hashes_;
};

}  // namespace aisix::admin
