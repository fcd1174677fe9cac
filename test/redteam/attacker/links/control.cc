// The control link: what a taken-over worker may tell the supervisor.
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

#include "lib/control/inherit.h"
#include "lib/control/message.h"
#include "test/redteam/attacker/links/abuse.h"

namespace aisix::redteam {

std::string RunControl(const std::vector<std::string>& words) {
  const int fd = control::kControlSocket;
  if (words[0] == "forge-garbage" || words[0] == "forge-huge" || words[0] == "forge-descriptors") {
    return RunBytes({"control", 0, false, fd}, {words[0] == "forge-garbage" ? "garbage"
                                                : words[0] == "forge-huge"  ? "big-packet"
                                                                            : "flood-descriptors"});
  }
  control::Message message;
  message.type = static_cast<control::MessageType>(std::strtoul(words.at(1).c_str(), nullptr, 10));
  size_t count = 1;
  if (words[0] == "forge-flood") {
    count = std::strtoull(words.at(2).c_str(), nullptr, 10);
  } else {
    if (words.size() > 2) message.name = words[2];
    if (words.size() > 3) message.text = words[3];
  }
  for (size_t i = 0; i < count; ++i) {
    if (const absl::Status status = control::Send(fd, message); !status.ok()) {
      return "refused after " + std::to_string(i) + ": " + std::string(status.message());
    }
  }
  return "sent";
}

}  // namespace aisix::redteam
