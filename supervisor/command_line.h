// The command line of `aisix` (spec 01 §2).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace aisix::supervisor {

struct CommandLine {
  enum class Action {
    kRun,          // start the gateway with `config_path`
    kAdminWorker,  // execute the admin worker with `arguments`: it has the YAML, gRPC and TLS for it
    kExit,         // print `output` and `error`, end with `exit_code`
  };
  Action action = Action::kExit;
  std::string config_path;
  std::vector<std::string> arguments;
  int exit_code = 0;
  std::string output;  // for stdout
  std::string error;   // for stderr
};

// Reads a variable of the environment; nullptr: not set.
using GetVariable = std::function<const char*(const char* name)>;

// `arguments` without the program's name. Without --config, AISIX_CONFIG counts, then AISIX_CONFIG_PATH (how
// a container names its file: a file that is not there then has an exit code of its own).
CommandLine ParseCommandLine(std::vector<std::string> arguments, const GetVariable& variable);

}  // namespace aisix::supervisor
