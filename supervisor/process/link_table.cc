#include "supervisor/process/link_table.h"

namespace aisix::supervisor {
namespace {

const ZonePopulation& Of(const Population& population, Zone zone) {
  return population[static_cast<size_t>(zone)];
}

std::vector<uint64_t> All(const ZonePopulation& zone) {
  std::vector<uint64_t> all = zone.retiring;
  if (zone.current != 0) all.push_back(zone.current);
  if (zone.successor != 0) all.push_back(zone.successor);
  return all;
}

uint64_t Newest(const ZonePopulation& zone) {
  return zone.successor != 0 ? zone.successor : zone.current;
}

}  // namespace

LinkTable::LinkTable(uint32_t proxy_loops)
    : kinds_{{"config.proxy", Zone::kAdmin, Zone::kProxy, Reach::kNewest},
             {"config.egress", Zone::kAdmin, Zone::kEgress, Reach::kNewest},
             {"health.proxy", Zone::kAdmin, Zone::kProxy, Reach::kNewest},
             {"zone.proxy", Zone::kMetrics, Zone::kProxy, Reach::kEveryServer},
             {"zone.admin", Zone::kMetrics, Zone::kAdmin, Reach::kEveryServer},
             {"zone.egress", Zone::kMetrics, Zone::kEgress, Reach::kEveryServer},
             {"dial", Zone::kProxy, Zone::kEgress, Reach::kEveryClient, proxy_loops, true}} {}

void LinkTable::Append(const Kind& kind, uint64_t client, uint64_t server, std::vector<PlannedLink>& links) {
  if (client == 0 || server == 0) return;
  for (uint32_t index = 0; index < kind.count; ++index) {
    const uint64_t client_number = kind.reach == Reach::kEveryServer ? server : index;
    links.push_back({kind.name, client, server, client_number, index, kind.packets});
  }
}

std::vector<PlannedLink> LinkTable::OfActing(Zone zone, uint64_t generation,
                                             const Population& population) const {
  std::vector<PlannedLink> links;
  for (const Kind& kind : kinds_) {
    if (kind.server == zone && kind.reach != Reach::kEveryClient) {
      Append(kind, Of(population, kind.client).current, generation, links);
    } else if (kind.server == zone) {
      if (Of(population, zone).current != generation) continue;
      for (const uint64_t client : All(Of(population, kind.client))) Append(kind, client, generation, links);
    } else if (kind.client == zone && kind.reach == Reach::kNewest) {
      Append(kind, generation, Newest(Of(population, kind.server)), links);
    } else if (kind.client == zone && kind.reach == Reach::kEveryServer) {
      for (const uint64_t server : All(Of(population, kind.server))) Append(kind, generation, server, links);
    } else if (kind.client == zone) {
      Append(kind, generation, Of(population, kind.server).current, links);
    }
  }
  return links;
}

std::vector<PlannedLink> LinkTable::OfPromoted(Zone zone, uint64_t generation,
                                               const Population& population) const {
  std::vector<PlannedLink> links;
  for (const Kind& kind : kinds_) {
    if (kind.server != zone || kind.reach != Reach::kEveryClient) continue;
    for (const uint64_t client : All(Of(population, kind.client))) Append(kind, client, generation, links);
  }
  return links;
}

std::vector<PlannedLink> LinkTable::OfReinstated(Zone zone, uint64_t generation,
                                                 const Population& population) const {
  std::vector<PlannedLink> links;
  for (const Kind& kind : kinds_) {
    if (kind.server != zone || kind.reach != Reach::kNewest) continue;
    Append(kind, Of(population, kind.client).current, generation, links);
  }
  return links;
}

}  // namespace aisix::supervisor
