// The workers of one zone as the metrics zone sees them: usually one; two and more while one is replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/ipc/rpc_channel.h"
#include "lib/metrics/snapshot.h"

namespace aisix::metrics_zone {

struct ZoneWorker {
  ZoneWorker(std::string_view link_name, uint64_t generation)
      : channel(std::string(link_name)), generation(generation) {}

  ipc::RpcChannel channel;  // any thread
  const uint64_t generation;
  // Its last answer, be it to the predecessor of this process. None: it was never heard.
  std::vector<metrics::Family> figures;
  std::optional<uint64_t> answered_ms;  // when it answered this process last, in loop time
  bool ended = false;

  bool heard() const { return !figures.empty(); }
};

// Loop thread only. `former`: where the totals of workers that are gone are added; borrowed.
class ZoneWorkers {
 public:
  ZoneWorkers(std::string link_name, std::vector<metrics::Family>& former)
      : link_name_(std::move(link_name)), former_(former) {}

  // The link to a worker; generations grow.
  void SetLink(uint64_t generation, os::UniqueFd fd);
  // A worker is gone: its totals count; without them it died, and its last answer counts. Until a successor
  // answers, it is shown with all that it answered last.
  void End(uint64_t generation, const std::optional<std::vector<metrics::Family>>& totals);
  // What a worker answered last to the predecessor of this process, which did not see its end. Links come
  // before: one that has none is gone; its totals may have come, or come later.
  void Inherit(uint64_t generation, std::vector<metrics::Family> figures);
  // What a worker answered.
  void Store(ZoneWorker& worker, std::vector<metrics::Family> figures, uint64_t now_ms);

  // Those that can be asked, and the youngest of them; null when there is none. Both stay valid when the
  // worker is removed meanwhile.
  std::vector<std::shared_ptr<ZoneWorker>> living() const;
  std::shared_ptr<ZoneWorker> youngest() const;

  // The sum of all that are not in `former` yet.
  std::vector<metrics::Family> Figures() const;
  // Of those, workers that are gone: for `former` when this process hands over.
  void AddEnded(std::vector<metrics::Family>& totals) const;
  // When the youngest that ever answered did.
  std::optional<uint64_t> answered_ms() const;

 private:
  using Workers = std::vector<std::shared_ptr<ZoneWorker>>;

  // Where the worker of this generation is or belongs.
  Workers::iterator Place(uint64_t generation);
  // Adds to `former`, once for each worker.
  void Count(uint64_t generation, const std::vector<metrics::Family>& totals);

  const std::string link_name_;
  std::vector<metrics::Family>& former_;
  Workers workers_;             // by generation
  std::set<uint64_t> counted_;  // generations whose totals are in `former_`; the latest of them
};

}  // namespace aisix::metrics_zone
