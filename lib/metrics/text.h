// The text exposition format (spec 11 §5): `# TYPE` lines only; counters, then gauges, then histograms and
// summaries; one blank line after each family; shortest decimal numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/metrics/snapshot.h"

namespace aisix::metrics {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4";

std::string RenderText(const std::vector<Family>& families);

}  // namespace aisix::metrics
