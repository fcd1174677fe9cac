#include "supervisor/listen/passed_sockets.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <utility>

#include "supervisor/listen/address.h"
#include "supervisor/listen/listener_name.h"

namespace aisix::supervisor {
namespace {

using config::ListenerSpec;

int Option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool IsListeningTcp(int fd) {
  return Option(fd, SO_TYPE) == SOCK_STREAM && Option(fd, SO_ACCEPTCONN) == 1 && AddressOf(fd).ok();
}

bool HasAddress(const ListenerSpec& listener, const Address& bound) {
  const absl::StatusOr<Address> wanted = ParseAddress(listener.address);
  return wanted.ok() && Matches(*wanted, bound);
}

// The listener whose socket this is.
absl::StatusOr<std::string> FindListener(const std::vector<ListenerSpec>& listeners,
                                         const PassedSocket& socket) {
  if (!IsListeningTcp(socket.fd.get())) {
    return absl::InvalidArgumentError(
        fmt::format("socket activation: \"{}\" is not a listening TCP socket: the socket unit needs "
                    "ListenStream=ADDRESS:PORT and Accept=no",
                    socket.name));
  }
  const Address bound = *AddressOf(socket.fd.get());
  std::string choices;
  for (const ListenerSpec& listener : listeners) {
    if (listener.name == socket.name) {
      if (HasAddress(listener, bound)) return listener.name;
      return absl::InvalidArgumentError(fmt::format(
          "socket activation: \"{}\" listens on {}, but {} is {}: make ListenStream= of the socket "
          "unit and {} the same (ListenStream= with a port alone means [::]:PORT)",
          socket.name, Format(bound), AddressKey(listener.name), listener.address,
          AddressKey(listener.name)));
    }
    choices += fmt::format("{}{} {}", choices.empty() ? "" : ", ", listener.name, listener.address);
  }
  for (const ListenerSpec& listener : listeners) {
    // An address whose port the kernel chooses would take any socket: there only the name counts.
    const absl::StatusOr<Address> wanted = ParseAddress(listener.address);
    if (wanted.ok() && wanted->port() != 0 && Matches(*wanted, bound)) return listener.name;
  }
  return absl::InvalidArgumentError(fmt::format(
      "socket activation: \"{}\" on {} is no listener of this configuration, by name or by address: "
      "FileDescriptorName= or ListenStream= of the socket unit must be that of one of: {}",
      socket.name, Format(bound), choices));
}

}  // namespace

absl::StatusOr<std::map<std::string, os::UniqueFd, std::less<>>> AssignSockets(
    const std::vector<ListenerSpec>& listeners, std::vector<PassedSocket> sockets) {
  std::map<std::string, os::UniqueFd, std::less<>> assigned;
  for (PassedSocket& socket : sockets) {
    absl::StatusOr<std::string> listener = FindListener(listeners, socket);
    if (!listener.ok()) return listener.status();
    const int fd = socket.fd.get();
    if (!assigned.emplace(*listener, std::move(socket.fd)).second) {
      return absl::InvalidArgumentError(fmt::format(
          "socket activation: the {} listener was given more than one socket, \"{}\" on {} among them: "
          "remove one ListenStream= from the socket unit",
          *listener, socket.name, Format(*AddressOf(fd))));
    }
  }
  return assigned;
}

}  // namespace aisix::supervisor
