// Gives up, for the life of this process, what its zone does not need (DESIGN §1.3). Capability sets and
// no_new_privs belong to one thread: call it in main() while there is only one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::sandbox {

enum class Zone { kProxy, kAdmin, kMetrics, kEgress };

struct Profile {
  Zone zone;
};

inline constexpr Profile kProxyProfile{Zone::kProxy};
inline constexpr Profile kAdminProfile{Zone::kAdmin};
inline constexpr Profile kMetricsProfile{Zone::kMetrics};
inline constexpr Profile kEgressProfile{Zone::kEgress};

// One wall and whether it stands: what `/status/isolation` shows.
struct Measure {
  std::string_view name;  // "core_dumps", "no_new_privs", "bounding_set", "capabilities"
  bool active = false;
  std::string detail;  // why it is not active, or in which form
};

struct Report {
  std::vector<Measure> measures;
};

// An error when a wall that every kernel offers cannot be raised: the process must not go on.
absl::StatusOr<Report> Lock(const Profile& profile);

}  // namespace aisix::sandbox
