// What a worker has counted, for after its end (DESIGN §1.4): counters do not go down when a worker is
// replaced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/metrics/registry.h"
#include "lib/metrics/snapshot.h"
#include "lib/os/process_stats.h"

namespace aisix::ipc {

// What a metrics worker has heard last from a worker that still runs. Its successor goes on from there until
// that worker answers it, or has left its own totals: without it counters would go down when that one has
// just ended.
struct LastAnswer {
  std::string zone;
  uint64_t generation = 0;
  std::vector<metrics::Family> figures;
};

struct Totals {
  std::vector<metrics::Family> families;  // of these, only what counts is written
  std::vector<LastAnswer> answers;        // of a metrics worker; of others none
};

// Writes the figures to an empty memory file (control::Inherited::totals) as a zone.TotalsFile. Uses write()
// alone: a worker may have no other call left.
absl::Status WriteTotals(int file, const Totals& totals);
// Those of a whole worker: its registry and its process figures. Call it when nothing is counted any more. An
// invalid `file`: nothing happens.
absl::Status LeaveTotals(int file, std::string_view zone, const metrics::Registry& registry,
                         const os::ProcessStats& stats);

// INVALID_ARGUMENT when it is not such a file, RESOURCE_EXHAUSTED when it is too large. Of an empty file (a
// worker that had nothing to say): no families.
absl::StatusOr<Totals> ReadTotals(int file);

}  // namespace aisix::ipc
