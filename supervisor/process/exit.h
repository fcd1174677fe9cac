// How a process ended.
#pragma once

#include <string>

namespace aisix::supervisor {

// From the status of waitpid. A value.
struct Exit {
  std::string text;   // for people: "exit code 1", "signal SIGKILL (9)"
  std::string label;  // for the metric: "exit_1", "SIGKILL", "seccomp"
  bool orderly;       // exit code 0
};

Exit DescribeExit(int status);

}  // namespace aisix::supervisor
