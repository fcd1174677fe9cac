#include "lib/control/control_link.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <utility>

#include "lib/os/error.h"

namespace aisix::control {
namespace {

constexpr size_t kMaxFatalText = 64000;
constexpr std::string_view kCutMark = "\n… (text was cut)";

}  // namespace

ControlLink::ControlLink(os::UniqueFd socket) : socket_(std::move(socket)) {
  // Receive() must not wait whatever the supervisor set on its end.
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

absl::Status ControlLink::Send(const Message& message) const {
  return control::Send(socket_.get(), message);
}

absl::Status ControlLink::SendReady() const {
  Message message;
  message.type = MessageType::kReady;
  return Send(message);
}

absl::Status ControlLink::SendFatal(std::string_view text) const {
  Message message;
  message.type = MessageType::kFatal;
  message.text = text.substr(0, kMaxFatalText);
  if (text.size() > kMaxFatalText) message.text.append(kCutMark);
  return Send(message);
}

absl::Status ControlLink::SendInFlight(uint64_t requests) const {
  Message message;
  message.type = MessageType::kInFlight;
  message.number = requests;
  return Send(message);
}

absl::Status ControlLink::SendReleased() const {
  Message message;
  message.type = MessageType::kReleased;
  return Send(message);
}

absl::Status ControlLink::SendDestinationPorts(const PortSet& ports) const {
  Message message;
  message.type = MessageType::kDestinationPorts;
  message.text = ports.Encode();
  return Send(message);
}

absl::StatusOr<std::optional<Message>> ControlLink::Receive() {
  return control::Receive(socket_.get());
}

absl::StatusOr<Message> ControlLink::Wait() {
  while (true) {
    absl::StatusOr<std::optional<Message>> message = Receive();
    if (!message.ok()) return message.status();
    if (message->has_value()) return **std::move(message);
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return os::ErrorStatus(errno, "control socket");
  }
}

}  // namespace aisix::control
