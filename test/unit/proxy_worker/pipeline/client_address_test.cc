#include "proxy_worker/pipeline/client_address.h"

#include <gtest/gtest.h>

#include "test/unit/proxy_worker/parsed_head.h"

namespace aisix::proxy {
namespace {

std::string Resolve(const std::vector<std::string>& trusted, bool recursive, std::string_view peer,
                    std::string_view lines) {
  const absl::StatusOr<RealIpRules> rules = RealIpRules::Make(trusted, "x-forwarded-for", recursive);
  EXPECT_TRUE(rules.ok());
  const ParsedHead head(lines);
  return rules->Resolve(*ParseIp(peer), head.headers()).Ip();
}

TEST(RealIp, OnlyTrustedPeersAreBelieved) {
  constexpr std::string_view kHeader = "x-forwarded-for: 1.1.1.1\r\n";
  EXPECT_EQ(Resolve({}, false, "10.0.0.1", kHeader), "10.0.0.1");
  EXPECT_EQ(Resolve({"10.0.0.0/8"}, false, "11.0.0.1", kHeader), "11.0.0.1");
  EXPECT_EQ(Resolve({"10.0.0.0/8"}, false, "10.0.0.1", kHeader), "1.1.1.1");
  EXPECT_EQ(Resolve({"10.0.0.1"}, false, "10.0.0.1", kHeader), "1.1.1.1");
}

TEST(RealIp, RightmostOrRecursive) {
  constexpr std::string_view kHeader =
      "x-forwarded-for: 9.9.9.9, 2.2.2.2\r\nx-forwarded-for: nonsense, 10.0.0.2\r\n";
  EXPECT_EQ(Resolve({"10.0.0.0/8"}, false, "10.0.0.1", kHeader), "10.0.0.2");
  EXPECT_EQ(Resolve({"10.0.0.0/8"}, true, "10.0.0.1", kHeader), "2.2.2.2");
  EXPECT_EQ(Resolve({"0.0.0.0/0"}, true, "10.0.0.1", kHeader), "9.9.9.9");
  EXPECT_EQ(Resolve({"10.0.0.0/8"}, true, "10.0.0.1", ""), "10.0.0.1");
}

TEST(RealIp, FormsOfAnAddress) {
  const std::vector<std::string> trusted{"10.0.0.0/8"};
  EXPECT_EQ(Resolve(trusted, false, "10.0.0.1", "x-forwarded-for: 1.2.3.4:555\r\n"), "1.2.3.4");
  EXPECT_EQ(Resolve(trusted, false, "10.0.0.1", "x-forwarded-for: [2001:db8::1]:80\r\n"), "2001:db8::1");
  EXPECT_EQ(Resolve(trusted, false, "10.0.0.1", "x-forwarded-for: [2001:db8::1]\r\n"), "2001:db8::1");
  EXPECT_EQ(Resolve(trusted, false, "10.0.0.1", "x-forwarded-for: 2001:db8::1\r\n"), "2001:db8::1");
  EXPECT_EQ(Resolve(trusted, false, "10.0.0.1", "x-forwarded-for: 1.2.3.4:x, [1.2.3.4]\r\n"), "10.0.0.1");
}

TEST(RealIp, ABadEntryIsRefused) {
  const absl::StatusOr<RealIpRules> rules = RealIpRules::Make({"10.0.0.0/33"}, "x", false);
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(std::string(rules.status().message()).find("proxy.real_ip.trusted_proxies"), std::string::npos);
}

TEST(AddressRange, ContainsByPrefix) {
  const std::optional<AddressRange> range = AddressRange::Parse("192.168.128.0/17");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->Contains(*ParseIp("192.168.255.1")));
  EXPECT_FALSE(range->Contains(*ParseIp("192.168.127.255")));
  EXPECT_FALSE(range->Contains(*ParseIp("::ffff:192.168.255.1")));
  EXPECT_TRUE(AddressRange::Parse("2001:db8::/32")->Contains(*ParseIp("2001:db8:1::1")));
  EXPECT_TRUE(AddressRange::Parse("0.0.0.0/0")->Contains(*ParseIp("8.8.8.8")));
  EXPECT_FALSE(AddressRange::Parse("10.0.0.1"));  // a bare address is no range
  EXPECT_FALSE(AddressRange::Parse("10.0.0.0/-1"));
  EXPECT_FALSE(AddressRange::Parse("10.0.0.0/8x"));
}

}  // namespace
}  // namespace aisix::proxy
