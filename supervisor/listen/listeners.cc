#include "supervisor/listen/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "lib/os/error.h"
#include "supervisor/listen/capabilities.h"

namespace aisix::supervisor {
namespace {

constexpr int kBacklog = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const absl::Status invalid = absl::InvalidArgumentError("not an IP address and port");
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid;
  std::string host(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return invalid;
  Address address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(*v6);
    if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return invalid;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(*v4);
    if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) != 1) return invalid;
  }
  return address;
}

bool HasPort(const Address& address) {
  // sin_port and sin6_port are at the same place.
  return reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port != 0;
}

std::string Format(const Address& address) {
  char host[INET6_ADDRSTRLEN] = {};
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
  if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
    return fmt::format("[{}]:{}", host, ntohs(v6->sin6_port));
  }
  ::inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
  return fmt::format("{}:{}", host, ntohs(v4->sin_port));
}

// errno of a failed call is the value of the status' text; callers put it behind the address.
absl::Status Failed() {
  return absl::UnavailableError(os::ErrorText(errno));
}

absl::StatusOr<os::UniqueFd> BindSocket(const Address& address, bool reuse_port) {
  os::UniqueFd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.valid()) return Failed();
  const int on = 1;
  const auto set = [&](int level, int option) {
    return ::setsockopt(socket.get(), level, option, &on, sizeof(on)) == 0;
  };
  if (!set(SOL_SOCKET, SO_REUSEADDR)) return Failed();
  if (reuse_port && !set(SOL_SOCKET, SO_REUSEPORT)) return Failed();
  // Accepted connections inherit it: no system call for each of them.
  if (!set(IPPROTO_TCP, TCP_NODELAY)) return Failed();
  const auto bind = [&] {
    return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
  };
  if (bind()) return socket;
  if (errno == EACCES && RaiseBindCapability() && bind()) return socket;
  return Failed();
}

std::string BindError(const config::ListenerSpec& spec, std::string_view error) {
  switch (ZoneOfListener(spec.name)) {
    case Zone::kMetrics:
      return fmt::format("metrics listener bind {} failed: {}", spec.address, error);
    case Zone::kAdmin:
      return fmt::format("admin serve error: admin listener bind {} failed: {}", spec.address, error);
    default:
      return fmt::format("proxy serve error: proxy listener bind {} failed: {}", spec.address, error);
  }
}

}  // namespace

Zone ZoneOfListener(const std::string& name) {
  if (name == "admin") return Zone::kAdmin;
  if (name == "metrics") return Zone::kMetrics;
  return Zone::kProxy;
}

absl::StatusOr<Listeners> Listeners::Bind(const std::vector<config::ListenerSpec>& specs,
                                          uint32_t proxy_sockets) {
  Listeners listeners;
  for (const config::ListenerSpec& spec : specs) {
    const uint32_t count = ZoneOfListener(spec.name) == Zone::kProxy ? proxy_sockets : 1;
    if (absl::Status status = listeners.BindOne(spec, count); !status.ok()) {
      return absl::Status(
          status.code(), BindError(spec, std::string_view(status.message().data(), status.message().size())));
    }
  }
  return listeners;
}

absl::Status Listeners::BindOne(const config::ListenerSpec& spec, uint32_t count) {
  absl::StatusOr<Address> address = ParseAddress(spec.address);
  if (!address.ok()) return address.status();
  const bool shared_port = count > 1;
  if (shared_port && HasPort(*address)) {
    // With SO_REUSEPORT a second gateway of the same user would silently take half of the connections.
    absl::StatusOr<os::UniqueFd> probe = BindSocket(*address, false);
    if (!probe.ok()) return probe.status();
  }
  for (uint32_t index = 0; index < count; ++index) {
    absl::StatusOr<os::UniqueFd> socket = BindSocket(*address, shared_port);
    if (!socket.ok()) return socket.status();
    if (::listen(socket->get(), kBacklog) != 0) return Failed();
    // The port that the kernel chose is the port of all that follow.
    address->size = sizeof(address->storage);
    if (::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&address->storage), &address->size) != 0) {
      return Failed();
    }
    control::Message message;
    message.type = control::MessageType::kListener;
    message.name = spec.name;
    message.number = index;
    message.fd = *std::move(socket);
    sockets_.push_back(std::move(message));
  }
  bound_.push_back({spec.name, Format(*address), spec.tls});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<const control::Message*>> Listeners::Prepare(Zone zone) const {
  std::vector<const control::Message*> messages;
  for (const control::Message& message : sockets_) {
    if (ZoneOfListener(message.name) != zone) continue;
    const int fd = message.fd.get();
    if (::listen(fd, kBacklog) != 0) return os::ErrorStatus(errno, "listen");
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return os::ErrorStatus(errno, "fcntl");
    messages.push_back(&message);
  }
  return messages;
}

}  // namespace aisix::supervisor
