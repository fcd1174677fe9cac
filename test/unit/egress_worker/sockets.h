// Loopback sockets for the tests of egress.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/net/address.h"
#include "lib/os/unique_fd.h"

namespace aisix::egress {

// A TCP socket on 127.0.0.1 and a port of the kernel's choice.
struct LoopbackSocket {
  explicit LoopbackSocket(bool listening, int type = SOCK_STREAM) {
    fd.reset(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    if (listening) {
      EXPECT_EQ(listen(fd.get(), 16), 0);
    }
  }
  net::Address address() const {
    net::Address result;
    result.family = net::Address::Family::kIpv4;
    result.bytes = {127, 0, 0, 1};
    result.port = port;
    return result;
  }
  os::UniqueFd Accept() const { return os::UniqueFd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

  os::UniqueFd fd;
  uint16_t port = 0;
};

}  // namespace aisix::egress
