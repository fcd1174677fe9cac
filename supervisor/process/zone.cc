#include "supervisor/process/zone.h"

namespace aisix::supervisor {

std::string_view ZoneName(Zone zone) {
  switch (zone) {
    case Zone::kEgress:
      return "egress";
    case Zone::kAdmin:
      return "admin";
    case Zone::kMetrics:
      return "metrics";
    case Zone::kProxy:
      break;
  }
  return "proxy";
}

std::string_view ZoneProgram(Zone zone) {
  switch (zone) {
    case Zone::kEgress:
      return "aisix-egress-worker";
    case Zone::kAdmin:
      return "aisix-admin-worker";
    case Zone::kMetrics:
      return "aisix-metrics-worker";
    case Zone::kProxy:
      break;
  }
  return "aisix-proxy-worker";
}

std::optional<Zone> ZoneOfName(std::string_view name) {
  for (const Zone zone : kZones) {
    if (ZoneName(zone) == name) return zone;
  }
  return std::nullopt;
}

bool IsEssential(Zone zone) {
  return zone == Zone::kProxy || zone == Zone::kEgress;
}

bool StandsBy(Zone zone) {
  return zone == Zone::kAdmin || zone == Zone::kMetrics;
}

}  // namespace aisix::supervisor
