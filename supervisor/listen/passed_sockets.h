// Listening sockets that a service manager bound before it started this process: systemd socket activation
// (sd_listen_fds(3)).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

struct PassedSocket {
  std::string name;  // FileDescriptorName= of the socket unit; may be anything
  os::UniqueFd fd;
};

// Which listener each socket serves, by the listener's name. A socket that is named like a listener must
// have that listener's address; any other one serves the listener whose address it has. INVALID_ARGUMENT: a
// socket that serves none, two for one listener, or one that is no listening TCP socket; the text says what
// to change.
absl::StatusOr<std::map<std::string, os::UniqueFd, std::less<>>> AssignSockets(
    const std::vector<config::ListenerSpec>& listeners, std::vector<PassedSocket> sockets);

}  // namespace aisix::supervisor
