// What `/status/config` and the `aisix_config_*` metrics show, whatever the source is (spec 02 §9).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/metrics/snapshot.h"

namespace aisix::admin {

enum class SourceType : uint8_t { kFile, kEtcd };

// All times: seconds since 1970.
struct ConfigFailure {
  int64_t at = 0;
  std::string kind, error;
};

struct StatusView {
  struct Observation {
    std::string source_hash;
    int64_t at = 0;
    int64_t revision = 0;  // etcd only
  };
  struct Application {
    std::string config_hash;
    uint64_t sequence = 0;
    int64_t at = 0;
    int64_t revision = 0;                    // etcd only
    std::map<std::string, uint64_t> counts;  // non-zero ones, by collection
  };
  struct Reload {
    bool successful = false;
    int64_t at = 0;
  };
  struct Rejected {
    std::string collection, id, error_kind, error;
    int64_t first_seen = 0, last_seen = 0;
    std::optional<int64_t> stale_since;  // an older value serves
  };
  struct Ignored {
    std::string collection, field;
    uint64_t rows = 0;
  };

  SourceType source = SourceType::kFile;
  bool connected = false;
  bool newest_refused = false;  // as a whole
  std::optional<Observation> observed;
  std::optional<Application> applied;
  std::optional<Reload> last_reload;
  std::optional<ConfigFailure> last_failure;
  std::vector<Rejected> rejected;
  std::vector<Ignored> partially_compatible;

  // Metrics only.
  std::optional<int64_t> last_success_at;
  uint64_t reloads = 0;
  std::map<std::string, uint64_t> reload_failures;                                       // by reason
  std::map<std::string, uint64_t> rejected_rows, partially_compatible_rows, stale_rows;  // by collection
  std::vector<std::string> former_hashes;
};

// The body of `/status/config`. Sorts what has an order.
std::string RenderStatus(StatusView view, int64_t now);
void AppendStatusMetrics(const StatusView& view, std::vector<metrics::Family>& families);

// The `reason` of aisix_config_reload_failures_total for the kind of an error.
std::string FailureReason(const std::string& error_kind);

}  // namespace aisix::admin
