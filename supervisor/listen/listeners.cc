#include "supervisor/listen/listeners.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/os/error.h"
#include "supervisor/listen/bind_error.h"
#include "supervisor/listen/listener_name.h"

namespace aisix::supervisor {
namespace {

constexpr int kBacklog = 4096;

bool Enable(int socket, int level, int option) {
  const int on = 1;
  return ::setsockopt(socket, level, option, &on, sizeof(on)) == 0;
}

int BindTo(int socket, const Address& address) {
  return ::bind(socket, address.pointer(), address.size) == 0 ? 0 : errno;
}

// 0 or errno.
int OpenSocket(const Address& address, bool reuse_port, os::UniqueFd& result) {
  os::UniqueFd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.valid() || !Enable(socket.get(), SOL_SOCKET, SO_REUSEADDR)) return errno;
  if (reuse_port && !Enable(socket.get(), SOL_SOCKET, SO_REUSEPORT)) return errno;
  // Accepted connections inherit it: no system call for each of them.
  if (!Enable(socket.get(), IPPROTO_TCP, TCP_NODELAY)) return errno;
  int error = BindTo(socket.get(), address);
  if (error == EACCES && RaiseBindCapability()) {
    error = BindTo(socket.get(), address);
    LowerBindCapability();
  }
  if (error == 0) result = std::move(socket);
  return error;
}

bool IsListening(int socket) {
  int listening = 0;
  socklen_t size = sizeof(listening);
  return ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening == 1;
}

// Shut down a second time, when it listened no longer, a socket stays half dead: it listens again, but every
// connection that it accepts is at its end. Dissolving an association that it does not have clears that, and
// leaves it bound.
void ForgetShutdown(int socket) {
  const sockaddr nobody{AF_UNSPEC, {}};
  static_cast<void>(::connect(socket, &nobody, sizeof(nobody)));
}

// A listener that is bound already and would be in the way of `address`; empty: none.
std::string InTheWay(const std::vector<Listeners::Bound>& bound, const Address& address) {
  const auto is_wildcard = [](const Address& other) {
    const std::string text = Format(other);
    return text.starts_with("0.0.0.0:") || text.starts_with("[::]:");
  };
  for (const Listeners::Bound& other : bound) {
    const absl::StatusOr<Address> own = ParseAddress(other.address);
    if (!own.ok() || own->port() != address.port()) continue;
    if (is_wildcard(*own) || is_wildcard(address) || Matches(*own, address)) return other.name;
  }
  return {};
}

std::string OwnProgram() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof(path));
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : "aisix";
}

}  // namespace

absl::StatusOr<Listeners> Listeners::Bind(const std::vector<config::ListenerSpec>& specs, Options options) {
  auto passed = AssignSockets(specs, std::move(options.passed));
  if (!passed.ok()) return passed.status();
  Listeners listeners;
  for (const config::ListenerSpec& spec : specs) {
    absl::Status status;
    if (const auto found = passed->find(spec.name); found != passed->end()) {
      status = listeners.TakePassed(spec, std::move(found->second));
    } else {
      const uint32_t count = ZoneOfListener(spec.name) == Zone::kProxy ? options.proxy_sockets : 1;
      status = listeners.BindOne(spec, count, options.privilege);
    }
    if (!status.ok()) return status;
  }
  return listeners;
}

absl::Status Listeners::BindOne(const config::ListenerSpec& spec, uint32_t count,
                                const BindPrivilege& privilege) {
  absl::StatusOr<Address> address = ParseAddress(spec.address);
  if (!address.ok()) return address.status();
  const auto failed = [&](int error) {
    return absl::UnavailableError(
        DescribeBindFailure({spec, *address, error, privilege, OwnProgram(), FirstUnprivilegedPort(),
                             error == EADDRINUSE ? InTheWay(bound_, *address) : std::string()}));
  };
  const bool shared_port = count > 1;
  if (shared_port && address->port() != 0) {
    // With SO_REUSEPORT a second gateway of the same user would silently take half of the connections.
    os::UniqueFd probe;
    if (const int error = OpenSocket(*address, false, probe); error != 0) return failed(error);
  }
  // A port that the kernel chose for a socket goes when somebody shuts that socket down; one that was asked
  // for stays. So another socket finds it, and holds it until those that matter have asked for it.
  os::UniqueFd chooser;
  if (address->port() == 0) {
    if (const int error = OpenSocket(*address, false, chooser); error != 0) return failed(error);
    absl::StatusOr<Address> chosen = AddressOf(chooser.get());
    if (!chosen.ok()) return chosen.status();
    *address = *chosen;
  }
  for (uint32_t index = 0; index < count; ++index) {
    os::UniqueFd socket;
    if (const int error = OpenSocket(*address, shared_port, socket); error != 0) return failed(error);
    if (::listen(socket.get(), kBacklog) != 0) return failed(errno);
    Keep(spec, index, std::move(socket));
  }
  bound_.push_back({spec.name, Format(*address), spec.tls, false});
  return absl::OkStatus();
}

absl::Status Listeners::TakePassed(const config::ListenerSpec& spec, os::UniqueFd fd) {
  absl::StatusOr<Address> address = AddressOf(fd.get());
  if (!address.ok()) return address.status();
  if (!Enable(fd.get(), IPPROTO_TCP, TCP_NODELAY)) return os::ErrorStatus(errno, "TCP_NODELAY");
  Keep(spec, 0, std::move(fd));
  bound_.push_back({spec.name, Format(*address), spec.tls, true});
  return absl::OkStatus();
}

void Listeners::Keep(const config::ListenerSpec& spec, uint64_t index, os::UniqueFd fd) {
  control::Message message;
  message.type = control::MessageType::kListener;
  message.name = spec.name;
  message.number = index;
  message.fd = std::move(fd);
  sockets_.push_back(std::move(message));
}

absl::StatusOr<Listeners> Listeners::Adopt(const std::vector<config::ListenerSpec>& specs,
                                           std::vector<control::Message> sockets) {
  Listeners listeners;
  listeners.sockets_ = std::move(sockets);
  for (const config::ListenerSpec& spec : specs) {
    const auto found =
        std::find_if(listeners.sockets_.begin(), listeners.sockets_.end(),
                     [&](const control::Message& message) { return message.name == spec.name; });
    if (found == listeners.sockets_.end()) {
      return absl::InvalidArgumentError("no socket was handed over for the listener " + spec.name);
    }
    absl::StatusOr<Address> address = AddressOf(found->fd.get());
    if (!address.ok()) return address.status();
    listeners.bound_.push_back({spec.name, Format(*address), spec.tls, false});
  }
  return listeners;
}

absl::StatusOr<std::vector<const control::Message*>> Listeners::Prepare(Zone zone) const {
  std::vector<const control::Message*> messages;
  for (const control::Message& message : sockets_) {
    if (ZoneOfListener(message.name) != zone) continue;
    const int fd = message.fd.get();
    if (!IsListening(fd)) ForgetShutdown(fd);
    if (::listen(fd, kBacklog) != 0) return os::ErrorStatus(errno, "listen");
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return os::ErrorStatus(errno, "fcntl");
    messages.push_back(&message);
  }
  return messages;
}

}  // namespace aisix::supervisor
