// What a lock consists of, as `/status/isolation` and `aisix_isolation_active` show it. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aisix::sandbox {

// Ordered: the higher, the more.
enum class State : uint8_t { kAbsent, kPartial, kFull };

constexpr std::string_view StateName(State state) {
  switch (state) {
    case State::kFull:
      return "full";
    case State::kPartial:
      return "partial";
    case State::kAbsent:
      break;
  }
  return "absent";
}

// The mechanisms, in the order in which they are put in place.
inline constexpr std::string_view kDescriptors = "descriptors";  // nothing is open but what was granted
inline constexpr std::string_view kCoreDumps = "core_dumps";     // off; not dumpable, so not traceable
inline constexpr std::string_view kNoNewPrivileges = "no_new_privs";
inline constexpr std::string_view kBoundingSet = "bounding_set";   // empty
inline constexpr std::string_view kCapabilities = "capabilities";  // none
inline constexpr std::string_view kLandlock = "landlock";
inline constexpr std::string_view kSeccomp = "seccomp";

// One wall and how far it stands.
struct Measure {
  std::string mechanism;
  State state = State::kAbsent;
  std::string reason;  // in which form it stands, or why it does not
};

// Something forbidden that the zone tried after it was locked.
struct Attempt {
  std::string name;  // "read /etc/passwd"
  bool refused = false;
  std::string outcome;  // "EACCES"; "possible" when it was not refused
};

struct Report {
  std::string zone;
  bool enforced = true;  // `isolation: enforce`
  std::vector<Measure> measures;
  std::vector<Attempt> attempts;
  bool ports_limited = false;  // TCP connects reach LockOptions::connect_ports alone
  // What the kernel says about the process after the lock: lines of /proc/self/status ("Seccomp", "2").
  std::vector<std::pair<std::string, std::string>> kernel;
};

}  // namespace aisix::sandbox
