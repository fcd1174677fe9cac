// Start-up configuration from the file and the environment to the parts of the zones. Used by the bootstrap
// child only: no other process links a YAML parser for it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/loader/environment.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {

struct Loaded {
  Settings settings;
  // Dotted paths of every key that the operator gave a value, in the file or the environment.
  std::vector<std::string> given_keys;
};

// Reads, merges, coerces and validates (spec 01 §3–§6), then runs the boot checks. The error's message is
// the whole text behind `Error: `.
absl::StatusOr<Loaded> Load(const std::string& path, const Environment& environment);

}  // namespace aisix::config
