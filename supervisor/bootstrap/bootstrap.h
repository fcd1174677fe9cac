// The short-lived child that reads the start-up configuration, so that no lasting process has a YAML parser
// or another zone's secrets in its memory (DESIGN §1.2).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/config/loader/environment.h"

namespace aisix::bootstrap {

struct Options {
  std::string config_path;
  bool environment_only = false;  // at a reload: what the files ask for now, no start-up parts, no warnings
  std::string version;
  int control_socket = -1;  // SEQPACKET, to the supervisor; borrowed
};

// Sends kBoot (a part per zone, and the supervisor's own) and kEnvironment (per zone) over the control
// socket, each with a sealed file. Warnings go to stderr through the log. The error's message is the text
// behind `Error: `.
absl::Status Run(const Options& options, const config::Environment& environment);

// Reads `[--environment-only] --config FILE` (without the program's name). INVALID_ARGUMENT: something else.
absl::Status ParseArguments(const std::vector<std::string>& arguments, Options& options);

}  // namespace aisix::bootstrap
