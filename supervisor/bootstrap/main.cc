// aisix-bootstrap: started by the supervisor with the whole environment and its control socket, ends when the
// parts of the zones are sent (DESIGN §1.2).
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "lib/control/inherit.h"
#include "supervisor/bootstrap/bootstrap.h"

namespace {

// All secrets of the gateway pass through this process: nobody may look into it, alive or dead.
void Seclude() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

aisix::config::Environment TakeEnvironment() {
  aisix::config::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace

int main(int argc, char** argv) {
  Seclude();
  std::signal(SIGPIPE, SIG_IGN);
  aisix::bootstrap::Options options;
  options.version = AISIX_VERSION;
  options.control_socket = aisix::control::kControlSocket;
  absl::Status status =
      aisix::bootstrap::ParseArguments(std::vector<std::string>(argv + 1, argv + argc), options);
  if (status.ok()) status = aisix::bootstrap::Run(options, TakeEnvironment());
  if (status.ok()) return 0;
  std::string line = "Error: " + std::string(status.message()) + "\n";
  std::fputs(line.c_str(), stderr);
  return 1;
}
