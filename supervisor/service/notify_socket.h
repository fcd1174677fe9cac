// The datagram socket of the sd_notify protocol (sd_notify(3)).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

// Sends to a path or, with a leading `@`, to an abstract address; connects to none, so that the receiver may
// be restarted.
class NotifySocket {
 public:
  // NOTIFY_SOCKET. INVALID_ARGUMENT: neither kind of address.
  static absl::StatusOr<NotifySocket> Open(std::string_view address);

  // One datagram of `NAME=value` lines. Waits at most a second for room.
  absl::Status Send(std::string_view text) const;

 private:
  NotifySocket() = default;

  sockaddr_un address_{};
  socklen_t size_ = 0;
  os::UniqueFd fd_;
};

}  // namespace aisix::supervisor
