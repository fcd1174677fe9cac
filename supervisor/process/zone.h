// The trust zones that run as worker processes (DESIGN §1).
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace aisix::supervisor {

enum class Zone { kEgress, kAdmin, kMetrics, kProxy };

// In the order of the start.
inline constexpr std::array<Zone, 4> kZones{Zone::kEgress, Zone::kAdmin, Zone::kMetrics, Zone::kProxy};

std::string_view ZoneName(Zone zone);     // "egress"
std::string_view ZoneProgram(Zone zone);  // "aisix-egress-worker"
std::optional<Zone> ZoneOfName(std::string_view name);

// Without it the gateway can serve nobody: when it cannot come up, the process ends (DESIGN §1.4).
bool IsEssential(Zone zone);

// Two workers of this zone cannot act at once: they would write one state or answer for each other. A
// successor prepares, and begins when its predecessor has let go.
bool StandsBy(Zone zone);

}  // namespace aisix::supervisor
