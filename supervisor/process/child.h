// Starting another program of the gateway.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::supervisor {

struct ChildProgram {
  std::string path;
  std::vector<std::string> arguments;  // without argv[0]
  int socket = -1;                     // borrowed; becomes descriptor 3, the only one besides 0, 1 and 2
  int environment = -1;                // borrowed memory file with the whole environment; -1: none
  uint64_t max_files = 0;              // RLIMIT_NOFILE, soft and hard; 0: as this process
};

// Forks and executes. The child dies with this process (whatever kills it), reads nothing from the terminal,
// and ignores SIGINT, SIGTERM, SIGHUP and SIGUSR2: those are for the supervisor, also when a terminal or an
// init system sends them to everybody. A program that cannot be executed is an error here. Call it from the
// only thread.
absl::StatusOr<pid_t> StartChild(const ChildProgram& program);

}  // namespace aisix::supervisor
