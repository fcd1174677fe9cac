#include "metrics_worker/zone_workers.h"

#include <algorithm>
#include <utility>

#include "lib/metrics/totals.h"

namespace aisix::metrics_zone {
namespace {

// More workers of a zone than may be heard of twice.
constexpr size_t kRemembered = 1000;

// Of a worker that has left `totals` and was heard before: with what no total says.
std::vector<metrics::Family> LastFigures(std::vector<metrics::Family> totals,
                                         const std::vector<metrics::Family>& heard) {
  metrics::RaiseCounters(totals, heard);
  const size_t count = totals.size();
  for (const metrics::Family& family : heard) {
    const auto end = totals.begin() + static_cast<std::ptrdiff_t>(count);
    const bool total = std::any_of(totals.begin(), end, [&](const auto& t) { return t.name == family.name; });
    if (!total) totals.push_back(family);
  }
  return totals;
}

}  // namespace

ZoneWorkers::Workers::iterator ZoneWorkers::Place(uint64_t generation) {
  return std::find_if(workers_.begin(), workers_.end(),
                      [&](const auto& worker) { return worker->generation >= generation; });
}

void ZoneWorkers::Count(uint64_t generation, const std::vector<metrics::Family>& totals) {
  if (totals.empty() || !counted_.insert(generation).second) return;
  if (counted_.size() > kRemembered) counted_.erase(counted_.begin());
  metrics::AddTotals(former_, totals);
}

void ZoneWorkers::SetLink(uint64_t generation, os::UniqueFd fd) {
  auto place = Place(generation);
  if (place == workers_.end() || (*place)->generation != generation) {
    place = workers_.insert(place, std::make_shared<ZoneWorker>(link_name_, generation));
  }
  (*place)->channel.Replace(std::move(fd));
}

void ZoneWorkers::End(uint64_t generation, const std::optional<std::vector<metrics::Family>>& totals) {
  const auto found = Place(generation);
  if (found == workers_.end() || (*found)->generation != generation) {
    if (totals.has_value()) Count(generation, *totals);
    return;
  }
  ZoneWorker& worker = **found;
  worker.ended = true;
  if (totals.has_value()) worker.figures = LastFigures(*totals, worker.figures);
  const bool succeeded =
      std::any_of(found, workers_.end(), [](const auto& w) { return !w->ended && w->heard(); });
  if (worker.heard() && !succeeded) return;  // shown until a successor was heard
  Count(generation, worker.figures);
  workers_.erase(found);
}

void ZoneWorkers::Inherit(uint64_t generation, std::vector<metrics::Family> figures) {
  if (figures.empty() || counted_.contains(generation)) return;
  auto place = Place(generation);
  if (place == workers_.end() || (*place)->generation != generation) {
    place = workers_.insert(place, std::make_shared<ZoneWorker>(link_name_, generation));
    (*place)->ended = true;  // not in `former_` yet: totals that come later stand for this
  }
  if (!(*place)->answered_ms) (*place)->figures = std::move(figures);
}

void ZoneWorkers::Store(ZoneWorker& worker, std::vector<metrics::Family> figures, uint64_t now_ms) {
  worker.figures = std::move(figures);
  worker.answered_ms = now_ms;
  std::erase_if(workers_, [&](const auto& other) {
    if (!other->ended || other->generation >= worker.generation) return false;
    Count(other->generation, other->figures);
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
    if (!(*worker)->heard()) continue;
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

void ZoneWorkers::AddEnded(std::vector<metrics::Family>& totals) const {
  for (const auto& worker : workers_) {
    if (worker->ended) metrics::AddTotals(totals, worker->figures);
  }
}

std::optional<uint64_t> ZoneWorkers::answered_ms() const {
  for (auto worker = workers_.rbegin(); worker != workers_.rend(); ++worker) {
    if ((*worker)->answered_ms) return (*worker)->answered_ms;
  }
  return std::nullopt;
}

}  // namespace aisix::metrics_zone
