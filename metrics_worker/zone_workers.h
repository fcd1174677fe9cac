// The workers of one zone as the metrics zone sees them: usually one; two and more while one is replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  std::vector<metrics::Family> figures;  // its last answer
  std::optional<uint64_t> answered_ms;   // when that was, in loop time
  bool ended = false;
};

// Loop thread only. `former`: where the totals of workers that are gone are added; borrowed.
class ZoneWorkers {
 public:
  ZoneWorkers(std::string link_name, std::vector<metrics::Family>& former)
      : link_name_(std::move(link_name)), former_(former) {}

  // The link to a worker; generations grow.
  void SetLink(uint64_t generation, os::UniqueFd fd);
  // A worker is gone. Without totals it died: its last answer counts, and is shown until a successor answers.
  void End(uint64_t generation, const std::optional<std::vector<metrics::Family>>& totals);
  // What a worker answered.
  void Store(ZoneWorker& worker, std::vector<metrics::Family> figures, uint64_t now_ms);

  // Those that can be asked, and the youngest of them; null when there is none. Both stay valid when the
  // worker is removed meanwhile.
  std::vector<std::shared_ptr<ZoneWorker>> living() const;
  std::shared_ptr<ZoneWorker> youngest() const;

  // The sum of all that are not in `former` yet.
  std::vector<metrics::Family> Figures() const;
  // When the youngest that ever answered did.
  std::optional<uint64_t> answered_ms() const;

 private:
  const std::string link_name_;
  std::vector<metrics::Family>& former_;
  std::vector<std::shared_ptr<ZoneWorker>> workers_;  // by generation
};

}  // namespace aisix::metrics_zone
