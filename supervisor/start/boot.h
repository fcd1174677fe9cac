// How the supervisor comes to what it runs with: from its configuration, or from its earlier image.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/log/logger.h"
#include "lib/os/unique_fd.h"
#include "supervisor/listen/capabilities.h"
#include "supervisor/listen/listeners.h"
#include "supervisor/process/table_state.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/service/service_environment.h"
#include "supervisor/start/programs.h"
#include "supervisor/start/start_parts.h"
#include "supervisor/upgrade/handover.h"

namespace aisix::supervisor {

struct Boot {
  Programs programs;
  std::string bootstrap;  // the program that reads the configuration
  std::string config_path;
  os::UniqueFd environment;  // of TakeEnvironment
  StartParts parts;
  config::SupervisorPart part;
  std::string part_text;
  log::Filter filter;
  GrantedFiles files;
  Listeners listeners;
  std::optional<TableState> running;  // the workers of the earlier image
};

// Reads the configuration in a child, binds, opens the files. Afterwards this process has no capability and
// no environment.
absl::StatusOr<Boot> BootFromConfiguration(const std::string& config_path, std::vector<PassedSocket> passed,
                                           const BindPrivilege& privilege);

// Owns the descriptors of `handover`. Files that cannot be opened are no error here: the workers that run
// have theirs.
absl::StatusOr<Boot> BootFromHandover(const Handover& handover);

// The text of this process's own part.
absl::StatusOr<std::string> ReadOwnPart(const StartParts& parts);

}  // namespace aisix::supervisor
