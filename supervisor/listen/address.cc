#include "supervisor/listen/address.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "lib/os/error.h"

namespace aisix::supervisor {
namespace {

const sockaddr_in& V4(const Address& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}
const sockaddr_in6& V6(const Address& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}

}  // namespace

uint16_t Address::port() const {
  return ntohs(storage.ss_family == AF_INET6 ? V6(*this).sin6_port : V4(*this).sin_port);
}

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

absl::StatusOr<Address> AddressOf(int socket) {
  Address address;
  address.size = sizeof(address.storage);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return os::ErrorStatus(errno, "getsockname");
  }
  if (address.storage.ss_family != AF_INET && address.storage.ss_family != AF_INET6) {
    return absl::InvalidArgumentError("not an internet socket");
  }
  return address;
}

std::string Format(const Address& address) {
  char host[INET6_ADDRSTRLEN] = {};
  if (address.storage.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &V6(address).sin6_addr, host, sizeof(host));
    return fmt::format("[{}]:{}", host, address.port());
  }
  ::inet_ntop(AF_INET, &V4(address).sin_addr, host, sizeof(host));
  return fmt::format("{}:{}", host, address.port());
}

bool Matches(const Address& wanted, const Address& bound) {
  if (wanted.storage.ss_family != bound.storage.ss_family) return false;
  if (wanted.port() != 0 && wanted.port() != bound.port()) return false;
  if (wanted.storage.ss_family == AF_INET6) {
    return std::memcmp(&V6(wanted).sin6_addr, &V6(bound).sin6_addr, sizeof(in6_addr)) == 0;
  }
  return V4(wanted).sin_addr.s_addr == V4(bound).sin_addr.s_addr;
}

}  // namespace aisix::supervisor
