// The address of a socket's other end.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace aisix::net {

// A value. IPv4 peers of a dual-stack socket (::ffff:a.b.c.d) are stored as IPv4.
struct Address {
  enum class Family : uint8_t { kNone, kIpv4, kIpv6 };  // kNone: not an IP socket (a socketpair)

  Family family = Family::kNone;
  uint16_t port = 0;
  std::array<uint8_t, 16> bytes{};  // network order; the first four for IPv4

  static Address From(const sockaddr* address);
  // `192.0.2.1`, `2001:db8::1`, or empty.
  std::string Ip() const;
  // `192.0.2.1:80`, `[2001:db8::1]:80`, or empty.
  std::string ToString() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// Reads "192.0.2.1" or "2001:db8::1" (no brackets, no scope). Family::kNone when it is neither.
Address ParseAddress(const std::string& text, uint16_t port);

// The form that the kernel takes, and its length. `address`: kIpv4 or kIpv6.
socklen_t ToSockaddr(const Address& address, sockaddr_storage& storage);

}  // namespace aisix::net
