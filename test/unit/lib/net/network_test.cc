#include "lib/net/network.h"

#include <gtest/gtest.h>

namespace aisix::net {
namespace {

Address At(const char* ip) {
  return ParseAddress(ip, 443);
}

TEST(Network, Contains) {
  EXPECT_TRUE(Network::Parse("169.254.0.0/16")->Contains(At("169.254.169.254")));
  EXPECT_FALSE(Network::Parse("169.254.0.0/16")->Contains(At("169.253.255.255")));
  EXPECT_TRUE(Network::Parse("10.0.0.0/9")->Contains(At("10.127.0.1")));
  EXPECT_FALSE(Network::Parse("10.0.0.0/9")->Contains(At("10.128.0.1")));
  EXPECT_TRUE(Network::Parse("0.0.0.0/0")->Contains(At("8.8.8.8")));
  EXPECT_FALSE(Network::Parse("0.0.0.0/0")->Contains(At("::8")));
  EXPECT_TRUE(Network::Parse("fd00:ec2::254")->Contains(At("fd00:ec2::254")));
  EXPECT_FALSE(Network::Parse("fd00:ec2::254")->Contains(At("fd00:ec2::255")));
  EXPECT_TRUE(Network::Parse("ff00::/8")->Contains(At("ff02::1")));
  for (const char* text :
       {"", "x", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8x", "1.2.3/8"}) {
    EXPECT_FALSE(Network::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace aisix::net
