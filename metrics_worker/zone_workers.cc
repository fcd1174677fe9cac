#include "metrics_worker/zone_workers.h"

#include <algorithm>
#include <utility>

#include "lib/metrics/totals.h"

namespace aisix::metrics_zone {

void ZoneWorkers::SetLink(uint64_t generation, os::UniqueFd fd) {
  auto place = std::find_if(workers_.begin(), workers_.end(),
                            [&](const auto& worker) { return worker->generation >= generation; });
  if (place == workers_.end() || (*place)->generation != generation) {
    place = workers_.insert(place, std::make_shared<ZoneWorker>(link_name_, generation));
  }
  (*place)->channel.Replace(std::move(fd));
}

void ZoneWorkers::End(uint64_t generation, const std::optional<std::vector<metrics::Family>>& totals) {
  const auto found = std::find_if(workers_.begin(), workers_.end(),
                                  [&](const auto& worker) { return worker->generation == generation; });
  if (totals.has_value()) metrics::AddTotals(former_, *totals);
  if (found == workers_.end()) return;
  (*found)->ended = true;
  const bool succeeded =
      std::any_of(found, workers_.end(), [](const auto& w) { return !w->ended && w->answered_ms; });
  if (!totals.has_value() && (*found)->answered_ms && !succeeded) return;  // shown for now
  if (!totals.has_value()) metrics::AddTotals(former_, (*found)->figures);
  workers_.erase(found);
}

void ZoneWorkers::Store(ZoneWorker& worker, std::vector<metrics::Family> figures, uint64_t now_ms) {
  worker.figures = std::move(figures);
  worker.answered_ms = now_ms;
  std::erase_if(workers_, [&](const auto& other) {
    if (!other->ended || other->generation >= worker.generation) return false;
    metrics::AddTotals(former_, other->figures);
    return true;
  });
}

std::vector<std::shared_ptr<ZoneWorker>> ZoneWorkers::living() const {
  std::vector<std::shared_ptr<ZoneWorker>> living;
  for (const auto& worker : workers_) {
    if (!worker->ended) living.push_back(worker);
  }
  return living;
}

std::shared_ptr<ZoneWorker> ZoneWorkers::youngest() const {
  for (auto worker = workers_.rbegin(); worker != workers_.rend(); ++worker) {
    if (!(*worker)->ended) return *worker;
  }
  return nullptr;
}

std::vector<metrics::Family> ZoneWorkers::Figures() const {
  std::vector<metrics::Family> sum;
  bool first = true;
  for (auto worker = workers_.rbegin(); worker != workers_.rend(); ++worker) {
    if (!(*worker)->answered_ms) continue;
    if (std::exchange(first, false)) {
      sum = (*worker)->figures;
    } else if ((*worker)->ended) {
      metrics::AddTotals(sum, (*worker)->figures);
    } else {
      metrics::AddOlder(sum, (*worker)->figures);
    }
  }
  return sum;
}

std::optional<uint64_t> ZoneWorkers::answered_ms() const {
  for (auto worker = workers_.rbegin(); worker != workers_.rend(); ++worker) {
    if ((*worker)->answered_ms) return (*worker)->answered_ms;
  }
  return std::nullopt;
}

}  // namespace aisix::metrics_zone
