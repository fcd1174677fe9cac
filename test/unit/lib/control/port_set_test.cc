#include "lib/control/port_set.h"

#include <gtest/gtest.h>

namespace aisix::control {
namespace {

TEST(PortSet, TravelsAsText) {
  for (const PortSet& ports : {PortSet(), PortSet({443}), PortSet({1, 443, 65535}), PortSet::Any()}) {
    const absl::StatusOr<PortSet> read = PortSet::Decode(ports.Encode());
    ASSERT_TRUE(read.ok()) << ports.Encode();
    EXPECT_EQ(*read, ports);
  }
  EXPECT_EQ(PortSet({8000, 443}).Encode(), "443,8000");
}

TEST(PortSet, WhatIsNoneIsRefused) {
  for (const char* text : {",", "443,", ",443", "443,,80", "65536", "-1", "a", "443 ", "*,443"}) {
    EXPECT_FALSE(PortSet::Decode(text).ok()) << text;
  }
}

TEST(PortSet, Includes) {
  EXPECT_TRUE(PortSet({80, 443}).Includes(PortSet({443})));
  EXPECT_FALSE(PortSet({443}).Includes(PortSet({80, 443})));
  EXPECT_TRUE(PortSet::Any().Includes(PortSet({80})));
  EXPECT_TRUE(PortSet::Any().Includes(PortSet::Any()));
  EXPECT_FALSE(PortSet({80}).Includes(PortSet::Any()));
  EXPECT_TRUE(PortSet({80}).Contains(80));
  EXPECT_FALSE(PortSet({80}).Contains(81));
}

TEST(PortSet, TooManyAreAll) {
  std::set<uint16_t> ports;
  for (uint16_t port = 1; port <= PortSet::kLargest; ++port) ports.insert(port);
  EXPECT_FALSE(PortSet(ports).any());
  ports.insert(60000);
  EXPECT_TRUE(PortSet(ports).any());
}

}  // namespace
}  // namespace aisix::control
