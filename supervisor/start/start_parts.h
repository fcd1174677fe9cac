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

// The child of a reload: it sends only the variables that the zones may see, as the files name them now, and
// ends. Whoever starts it reads from the socket until its end, and reaps it.
struct BootstrapChild {
  pid_t pid;
  os::UniqueFd socket;
};
absl::StatusOr<BootstrapChild> StartEnvironmentChild(const std::string& bootstrap_program, int environment,
                                                     const std::string& config_path);

// Puts one message of a bootstrap child where it belongs.
absl::Status TakePart(control::Message message, StartParts& parts);

}  // namespace aisix::supervisor
