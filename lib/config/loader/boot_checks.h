// What the boot sequence checks after the configuration was accepted and before any process starts
// (spec 01 §6, steps 3–6, 8b, 11–13, 16–18).
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/config/loader/environment.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {

// Reads the TLS files that the settings name. The patterns of the client-type rules are translated in
// place. The error is the complete text behind `Error: `.
absl::Status CheckBoot(Settings& settings, const Environment& environment);

// Rules for one histogram; `field` is its key under observability.metrics.buckets.
absl::Status CheckBuckets(std::string_view field, const std::vector<double>& edges);

}  // namespace aisix::config
