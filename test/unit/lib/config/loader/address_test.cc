#include "lib/config/loader/address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace aisix::config {
namespace {

TEST(AddressTest, SocketAddressesAreLiteralAndCanonical) {
  EXPECT_EQ(CanonicalSocketAddress("0.0.0.0:3000"), "0.0.0.0:3000");
  EXPECT_EQ(CanonicalSocketAddress("[::]:3000"), "[::]:3000");
  EXPECT_EQ(CanonicalSocketAddress("[0:0:0:0:0:0:0:1]:0080"), "[::1]:80");
  EXPECT_EQ(CanonicalSocketAddress("127.0.0.1:0"), "127.0.0.1:0");
  for (const char* bad : {"", ":3000", "localhost:3000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                          "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:x", "127.0.0.01:1", "::1:80", "[::1]",
                          "[127.0.0.1]:80", "[]:80", " 127.0.0.1:1", "127.0.0.1:1 ", "http://127.0.0.1:1"}) {
    EXPECT_FALSE(CanonicalSocketAddress(bad).has_value()) << bad;
  }
  EXPECT_FALSE(CanonicalSocketAddress(std::string_view("127.0.0.1\0x:1", 13)).has_value());
}

TEST(AddressTest, NetworksLoseTheirHostBits) {
  EXPECT_EQ(CanonicalNetwork("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(CanonicalNetwork("10.1.2.3"), "10.1.2.3/32");
  EXPECT_EQ(CanonicalNetwork("10.1.2.3/31"), "10.1.2.2/31");
  EXPECT_EQ(CanonicalNetwork("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(CanonicalNetwork("2001:db8::1/33"), "2001:db8::/33");
  EXPECT_EQ(CanonicalNetwork("::1"), "::1/128");
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host",
                          " 10.0.0.0/8", "10.0.0.0/8/8", "[::1]"}) {
    EXPECT_FALSE(CanonicalNetwork(bad).has_value()) << bad;
  }
}

TEST(AddressTest, ReachOfListeners) {
  for (const char* address : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_EQ(ReachOf(address), Reach::kLoopback) << address;
  }
  for (const char* address : {"10.0.0.1:1", "172.16.0.1:1", "172.31.0.1:1", "192.168.1.1:1", "169.254.1.1:1",
                              "[fd00::1]:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_EQ(ReachOf(address), Reach::kPrivate) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "8.8.8.8:1", "172.32.0.1:1", "[2001:db8::1]:1"}) {
    EXPECT_EQ(ReachOf(address), Reach::kPublic) << address;
  }
}

TEST(AddressTest, MappedFormsFollowTheirNetworks) {
  EXPECT_THAT(WithMappedForms({"169.254.0.0/16", "ff00::/8", "1.2.3.4/32"}),
              testing::ElementsAre("169.254.0.0/16", "ff00::/8", "1.2.3.4/32", "::ffff:169.254.0.0/112",
                                   "::ffff:1.2.3.4/128"));
}

TEST(AddressTest, DefaultsAreCanonical) {
  for (const std::string& network : WithMappedForms(DefaultDenyNetworks())) {
    EXPECT_EQ(CanonicalNetwork(network), network);
  }
}

}  // namespace
}  // namespace aisix::config
