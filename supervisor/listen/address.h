// Addresses of listening sockets.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace aisix::supervisor {

// A literal IP address and a port. A value.
struct Address {
  sockaddr_storage storage{};  // AF_INET or AF_INET6
  socklen_t size = 0;

  const sockaddr* pointer() const { return reinterpret_cast<const sockaddr*>(&storage); }
  uint16_t port() const;  // 0: the kernel chooses
};

// "IP:port" or "[IPv6]:port".
absl::StatusOr<Address> ParseAddress(std::string_view text);
// Where a socket is bound. INVALID_ARGUMENT: not in an internet family.
absl::StatusOr<Address> AddressOf(int socket);
std::string Format(const Address& address);

// True when a socket bound to `bound` is what `wanted` asks for: the same address, and the same port unless
// any would do.
bool Matches(const Address& wanted, const Address& bound);

}  // namespace aisix::supervisor
