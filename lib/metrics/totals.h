// Figures of several workers of one zone, one after the other or side by side.
#pragma once

#include <vector>

#include "lib/metrics/snapshot.h"

namespace aisix::metrics {

// Adds what a worker that is gone had counted: its counters, histograms and summaries (their sum and count;
// quantiles are of a window that ended with it). Nothing that says how things are: no gauge, no kNewest. A
// family of another shape than the one in `into` is left out.
void AddTotals(std::vector<Family>& into, const std::vector<Family>& gone);

// Raises the counters of a worker to those that it was heard to have. It answers on for a moment after it has
// written its totals, and its process time goes on.
void RaiseCounters(std::vector<Family>& totals, const std::vector<Family>& heard);

// Adds the figures of an older worker that lives beside the one in `into`: its totals, and its gauges of
// kSum. Of summaries, `into` keeps its own quantiles.
void AddOlder(std::vector<Family>& into, const std::vector<Family>& older);

}  // namespace aisix::metrics
