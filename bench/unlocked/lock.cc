// lib/sandbox/lock.h without a lock. Nothing but a process that never had a filter shows what a filter costs:
// one that a launcher masks with a filter of its own pays for that.
#include "lib/sandbox/lock.h"

namespace aisix::sandbox {

Measure CloseStrayDescriptors(int) {
  return {std::string(kDescriptors), State::kAbsent, "left out to measure"};
}

absl::StatusOr<Report> Lock(const Profile& profile, const LockOptions& options) {
  Report report;
  report.zone = profile.zone;
  report.enforced = false;
  report.measures = options.earlier;
  for (const std::string_view mechanism :
       {kCoreDumps, kNoNewPrivileges, kBoundingSet, kCapabilities, kLandlock, kSeccomp}) {
    report.measures.push_back({std::string(mechanism), State::kAbsent, "left out to measure"});
  }
  return report;
}

}  // namespace aisix::sandbox
