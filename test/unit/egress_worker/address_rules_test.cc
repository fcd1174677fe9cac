#include "egress_worker/address_rules.h"

#include <gtest/gtest.h>

namespace aisix::egress {
namespace {

net::Address At(const char* ip, uint16_t port = 443) {
  return net::ParseAddress(ip, port);
}

TEST(AddressRules, DeniedNetworksInEveryDisguise) {
  auto rules = AddressRules::Make({"169.254.0.0/16", "ff00::/8", "0.0.0.0/32", "::/128"}, {});
  ASSERT_TRUE(rules.ok());
  for (const char* ip : {"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254",
                         "::169.254.169.254", "ff02::1", "0.0.0.0", "::", "::ffff:0.0.0.0"}) {
    EXPECT_FALSE(rules->Refusal(At(ip)).empty()) << ip;
  }
  for (const char* ip : {"127.0.0.1", "::1", "8.8.8.8", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(rules->Refusal(At(ip)).empty()) << ip;
  }
}

TEST(AddressRules, OwnListeners) {
  auto rules = AddressRules::Make({}, {"0.0.0.0:3000", "127.0.0.1:3001", "[::]:9090"});
  ASSERT_TRUE(rules.ok());
  EXPECT_FALSE(rules->Refusal(At("127.0.0.1", 3000)).empty());
  EXPECT_FALSE(rules->Refusal(At("127.9.9.9", 3000)).empty());
  EXPECT_FALSE(rules->Refusal(At("::1", 3000)).empty());
  EXPECT_FALSE(rules->Refusal(At("127.0.0.1", 9090)).empty());
  EXPECT_FALSE(rules->Refusal(At("127.0.0.1", 3001)).empty());
  EXPECT_FALSE(rules->Refusal(At("::ffff:127.0.0.1", 3001)).empty());
  EXPECT_FALSE(rules->Refusal(At("0.0.0.0", 3001)).empty());
  EXPECT_TRUE(rules->Refusal(At("127.0.0.2", 3001)).empty());
  EXPECT_TRUE(rules->Refusal(At("127.0.0.1", 3002)).empty());
  EXPECT_TRUE(rules->Refusal(At("10.0.0.1", 3000)).empty());
}

// A name that leads to this machine's own address is seen once the connection exists.
TEST(AddressRules, OwnListenersByConnection) {
  auto rules = AddressRules::Make({}, {"0.0.0.0:3000", "127.0.0.1:3001"});
  ASSERT_TRUE(rules.ok());
  EXPECT_FALSE(rules->Refusal(At("10.0.0.1", 50000), At("10.0.0.1", 3000)).empty());
  EXPECT_TRUE(rules->Refusal(At("10.0.0.1", 50000), At("10.0.0.2", 3000)).empty());
  EXPECT_TRUE(rules->Refusal(At("10.0.0.1", 50000), At("10.0.0.1", 3002)).empty());
  EXPECT_TRUE(rules->Refusal(At("10.0.0.1", 50000), At("10.0.0.1", 3001)).empty());
}

TEST(AddressRules, BadConfigurationNamesTheEntry) {
  EXPECT_EQ(AddressRules::Make({"10.0.0.0/8", "nonsense"}, {}).status().message(), "not a network: nonsense");
  EXPECT_EQ(AddressRules::Make({}, {"example.com:80"}).status().message(), "not an endpoint: example.com:80");
}

}  // namespace
}  // namespace aisix::egress
