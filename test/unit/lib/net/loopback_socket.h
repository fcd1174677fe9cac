// Loopback sockets for tests of what dials.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <vector>

#include "lib/net/address.h"
#include "lib/os/unique_fd.h"

namespace aisix::net {

// A socket on a loopback address and a port of the kernel's choice.
struct LoopbackSocket {
  explicit LoopbackSocket(bool listening, int type = SOCK_STREAM, const char* ip = "127.0.0.1",
                          uint16_t wanted_port = 0) {
    const Address wanted = ParseAddress(ip, wanted_port);
    sockaddr_storage storage;
    socklen_t size = ToSockaddr(wanted, storage);
    fd.reset(::socket(storage.ss_family, type | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
    size = sizeof storage;
    EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size), 0);
    bound = Address::From(reinterpret_cast<sockaddr*>(&storage));
    port = bound.port;
    if (listening) {
      EXPECT_EQ(listen(fd.get(), 16), 0);
    }
  }
  Address address() const { return bound; }
  os::UniqueFd Accept() const { return os::UniqueFd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

  os::UniqueFd fd;
  Address bound;
  uint16_t port = 0;
};

// A listener whose backlog is full: the kernel drops every further handshake, as if the machine were away.
struct SilentListener : LoopbackSocket {
  explicit SilentListener(const char* ip = "127.0.0.1") : LoopbackSocket(false, SOCK_STREAM, ip) {
    EXPECT_EQ(listen(fd.get(), 0), 0);
    sockaddr_storage storage;
    const socklen_t size = ToSockaddr(bound, storage);
    for (int i = 0; i < 4; ++i) {
      fillers.emplace_back(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(fillers.back().get(), reinterpret_cast<sockaddr*>(&storage), size);
    }
  }

  std::vector<os::UniqueFd> fillers;
};

// Whether this machine has an IPv6 loopback address.
inline bool HasIpv6() {
  os::UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  const socklen_t size = ToSockaddr(ParseAddress("::1", 0), storage);
  return fd.valid() && bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) == 0;
}

}  // namespace aisix::net
