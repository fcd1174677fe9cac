#include "lib/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace aisix::net {
namespace {

Address V6(const char* text, uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  EXPECT_EQ(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
  return Address::From(reinterpret_cast<sockaddr*>(&address));
}

TEST(Address, PrintsBothFamilies) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(80);
  v4.sin_addr.s_addr = htonl(0xc0000201);
  EXPECT_EQ(Address::From(reinterpret_cast<sockaddr*>(&v4)).ToString(), "192.0.2.1:80");
  EXPECT_EQ(V6("2001:db8::1", 443).ToString(), "[2001:db8::1]:443");
  EXPECT_EQ(V6("2001:db8::1", 443).Ip(), "2001:db8::1");
}

TEST(Address, MappedAddressesAreIpv4) {
  const Address mapped = V6("::ffff:192.0.2.1", 80);
  EXPECT_EQ(mapped.family, Address::Family::kIpv4);
  EXPECT_EQ(mapped.ToString(), "192.0.2.1:80");
}

TEST(Address, OtherFamiliesAreEmpty) {
  sockaddr_storage other{};
  other.ss_family = AF_UNIX;
  EXPECT_EQ(Address::From(reinterpret_cast<sockaddr*>(&other)).ToString(), "");
}

TEST(Address, ToTheKernelAndBack) {
  for (const char* text : {"192.0.2.1", "2001:db8::1"}) {
    const Address address = ParseAddress(text, 443);
    sockaddr_storage storage;
    EXPECT_EQ(ToSockaddr(address, storage),
              address.family == Address::Family::kIpv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    EXPECT_EQ(Address::From(reinterpret_cast<sockaddr*>(&storage)), address);
    EXPECT_EQ(address.Ip(), text);
  }
  for (const char* text : {"", "example.com", "[::1]", "fe80::1%eth0", "1.2.3"}) {
    EXPECT_EQ(ParseAddress(text, 1).family, Address::Family::kNone) << text;
  }
}

}  // namespace
}  // namespace aisix::net
