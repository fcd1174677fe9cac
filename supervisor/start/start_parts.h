// What the bootstrap child makes of the start-up configuration (DESIGN §1.2).
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "lib/control/message.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

// Sealed files by zone name ("supervisor" included). The supervisor maps none but its own.
struct StartParts {
  std::map<std::string, os::UniqueFd, std::less<>> boot;
  std::map<std::string, os::UniqueFd, std::less<>> environment;
};

// Runs the bootstrap child and waits for it. `environment`: the file of TakeEnvironment.
// The child has reported its own failure on stderr: then FAILED_PRECONDITION with no text.
absl::StatusOr<StartParts> ReadStartParts(const std::string& bootstrap_program, int environment,
                                          const std::string& config_path);

enum class BootstrapScope {
  kEverything,
  kEnvironments,  // only the variables that the zones may see, as the files name them now
};

// The child alone. Whoever starts it reads from the socket until its end, and reaps it.
struct BootstrapChild {
  pid_t pid;
  os::UniqueFd socket;
};
absl::StatusOr<BootstrapChild> StartBootstrapChild(BootstrapScope scope, const std::string& bootstrap_program,
                                                   int environment, const std::string& config_path);

// Puts one message of a bootstrap child where it belongs.
absl::Status TakePart(control::Message message, StartParts& parts);
// INTERNAL when the supervisor or a zone has no part.
absl::Status CheckComplete(BootstrapScope scope, const StartParts& parts);

}  // namespace aisix::supervisor
