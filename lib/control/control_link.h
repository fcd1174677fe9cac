// A worker's side of the control socket after the start.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/control/inherit.h"
#include "lib/control/message.h"

namespace aisix::control {

// Owns the socket. Sending is allowed from any thread (a message is one packet), receiving from one.
//
// With an event loop: watch fd() for input, then call Receive() until it returns nullopt. With a free main
// thread: call Wait() in a loop. In both cases an error of code UNAVAILABLE means that the supervisor is
// gone: end the process at once.
class ControlLink {
 public:
  explicit ControlLink(os::UniqueFd socket = os::UniqueFd(kControlSocket));
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  int fd() const { return socket_.get(); }

  absl::Status Send(const Message& message) const;
  absl::Status SendReady() const;
  // Longer texts than a message holds are cut.
  absl::Status SendFatal(std::string_view text) const;
  absl::Status SendInFlight(uint64_t requests) const;
  absl::Status SendReleased() const;
  absl::Status SendDestinationPorts(const PortSet& ports) const;

  // What is there now; nullopt: nothing more.
  absl::StatusOr<std::optional<Message>> Receive();
  // The next message, waiting for it.
  absl::StatusOr<Message> Wait();

 private:
  os::UniqueFd socket_;
};

}  // namespace aisix::control
