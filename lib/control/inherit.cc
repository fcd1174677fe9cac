#include "lib/control/inherit.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/control/message.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"

namespace aisix::control {

absl::Status Take(Message message, Inherited& inherited) {
  switch (message.type) {
    case MessageType::kBoot: {
      absl::StatusOr<std::string> text = os::ReadAll(message.fd.get());
      if (!text.ok()) return text.status();
      inherited.boot = *std::move(text);
      return absl::OkStatus();
    }
    case MessageType::kEnvironment: {
      absl::StatusOr<std::string> text = os::ReadAll(message.fd.get());
      if (!text.ok()) return text.status();
      absl::StatusOr<Environment> environment = DecodeEnvironment(*text);
      if (!environment.ok()) return environment.status();
      inherited.environment = *std::move(environment);
      return absl::OkStatus();
    }
    case MessageType::kState:
      inherited.state = std::move(message.fd);
      return absl::OkStatus();
    case MessageType::kListener:
      inherited.listeners.push_back({std::move(message.name), message.number, std::move(message.fd)});
      return absl::OkStatus();
    case MessageType::kFile:
      inherited.files.insert_or_assign(std::move(message.name),
                                       File{std::move(message.fd), std::move(message.text)});
      return absl::OkStatus();
    case MessageType::kLink:
      inherited.links.push_back(
          {std::move(message.name), message.number, message.text == "server", std::move(message.fd)});
      return absl::OkStatus();
    case MessageType::kTotals:
      inherited.totals = std::move(message.fd);
      return absl::OkStatus();
    case MessageType::kStandby:
      inherited.standby = true;
      return absl::OkStatus();
    case MessageType::kZone:
    case MessageType::kEnded:
    case MessageType::kExits:
    case MessageType::kFigures:
    case MessageType::kMeasure:
      inherited.news.push_back(std::move(message));
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError(
          fmt::format("control message of type {} before the start", static_cast<int>(message.type)));
  }
}

namespace {

// The next message, waiting for it.
absl::StatusOr<Message> Next(int socket) {
  while (true) {
    absl::StatusOr<std::optional<Message>> message = Receive(socket);
    if (!message.ok()) return message.status();
    if (message->has_value()) return **std::move(message);
    pollfd waiting{socket, POLLIN, 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return os::ErrorStatus(errno, "control socket");
  }
}

// Takes messages, waiting, until one of type `last`: that.
absl::StatusOr<Message> TakeUntil(MessageType last, int socket, Inherited& inherited) {
  while (true) {
    absl::StatusOr<Message> message = Next(socket);
    if (!message.ok() || message->type == last) return message;
    if (absl::Status status = Take(*std::move(message), inherited); !status.ok()) return status;
  }
}

}  // namespace

absl::StatusOr<Inherited> Inherit(int socket) {
  Inherited inherited;
  absl::StatusOr<Message> begin = TakeUntil(MessageType::kBegin, socket, inherited);
  if (!begin.ok()) return begin.status();
  inherited.port_news = begin->number;
  inherited.ports = std::move(begin->text);
  return inherited;
}

absl::StatusOr<PortSet> AwaitPorts(Inherited& inherited, int socket) {
  if (inherited.port_news == kPortsGiven) return PortSet::Decode(inherited.ports);
  if (inherited.port_news != kPortsFollow) return PortSet::Any();
  while (true) {
    absl::StatusOr<Message> message = Next(socket);
    if (!message.ok()) return message.status();
    if (message->type == MessageType::kPorts) return PortSet::Decode(message->text);
    // What a worker that serves would be told (a reload) is part of the start here.
    (void)Take(*std::move(message), inherited);
  }
}

absl::Status AwaitActivation(Inherited& inherited, int socket) {
  if (!inherited.standby) return absl::OkStatus();
  Message ready;
  ready.type = MessageType::kReady;
  if (absl::Status status = Send(socket, ready); !status.ok()) return status;
  return TakeUntil(MessageType::kActivate, socket, inherited).status();
}

std::vector<os::UniqueFd> Inherited::TakeListeners(std::string_view name) {
  std::sort(listeners.begin(), listeners.end(),
            [](const Listener& left, const Listener& right) { return left.index < right.index; });
  std::vector<os::UniqueFd> sockets;
  for (Listener& listener : listeners) {
    if (listener.name == name && listener.fd.valid()) sockets.push_back(std::move(listener.fd));
  }
  return sockets;
}

os::UniqueFd Inherited::TakeLink(std::string_view name, uint64_t index) {
  for (Link& link : links) {
    if (link.name == name && link.index == index) return std::move(link.fd);
  }
  return os::UniqueFd();
}

absl::StatusOr<std::string> Inherited::ReadFile(std::string_view name) const {
  const auto found = files.find(name);
  if (found == files.end()) return absl::NotFoundError(fmt::format("{} was not granted", name));
  if (!found->second.fd.valid()) return absl::UnavailableError(found->second.error);
  return os::ReadAll(found->second.fd.get());
}

}  // namespace aisix::control
