#include "lib/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace aisix::net {

Address Address::From(const sockaddr* address) {
  Address result;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    result.family = Family::kIpv4;
    result.port = ntohs(v4.sin_port);
    std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    result.port = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      result.family = Family::kIpv4;
      std::memcpy(result.bytes.data(), v6.sin6_addr.s6_addr + 12, 4);
    } else {
      result.family = Family::kIpv6;
      std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    }
  }
  return result;
}

std::string Address::Ip() const {
  if (family == Family::kNone) return {};
  char text[INET6_ADDRSTRLEN];
  const int type = family == Family::kIpv4 ? AF_INET : AF_INET6;
  return inet_ntop(type, bytes.data(), text, sizeof text) ? std::string(text) : std::string();
}

std::string Address::ToString() const {
  if (family == Family::kNone) return {};
  const std::string ip = Ip();
  const std::string port_text = std::to_string(port);
  return family == Family::kIpv4 ? ip + ":" + port_text : "[" + ip + "]:" + port_text;
}

Address ParseAddress(const std::string& text, uint16_t port) {
  Address address;
  address.port = port;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.family = Address::Family::kIpv4;
  } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.family = Address::Family::kIpv6;
  }
  return address;
}

socklen_t ToSockaddr(const Address& address, sockaddr_storage& storage) {
  std::memset(&storage, 0, sizeof storage);
  if (address.family == Address::Family::kIpv4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
  return sizeof v6;
}

}  // namespace aisix::net
