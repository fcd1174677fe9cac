#include <gtest/gtest.h>

#include "lib/url/url.h"

namespace aisix::url {
namespace {

TEST(CanonicalHost, NamesAreLowerCase) {
  EXPECT_EQ(*CanonicalHost("API.Example.COM"), "api.example.com");
  EXPECT_EQ(*CanonicalHost("a_b-c.example."), "a_b-c.example.");
  EXPECT_EQ(*CanonicalHost("localhost"), "localhost");
}

TEST(CanonicalHost, AddressesHaveOneForm) {
  EXPECT_EQ(*CanonicalHost("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(*CanonicalHost("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(*CanonicalHost("0:0:0:0:0:0:0:1"), "::1");
}

TEST(CanonicalHost, NumbersInDisguiseAreRefused) {
  for (const char* host : {"2130706433", "0x7f.1", "127.1", "0x7f000001", "1.2.3.256", "1.2.3.4.", "1.2.3.04",
                           "example.0x10", "example.1"}) {
    EXPECT_FALSE(CanonicalHost(host).ok()) << host;
  }
}

TEST(CanonicalHost, BadNamesAreRefused) {
  std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 60; ++i) long_name += "abcd.";
  for (const std::string& host :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a"), std::string("a b"),
        std::string("a%41"), std::string("ex\xc3\xa4mple"), std::string("[::1"), std::string("::g"),
        std::string("fe80::1%eth0"), std::string("a/b"), long_label, long_name}) {
    EXPECT_FALSE(CanonicalHost(host).ok()) << host;
  }
}

TEST(ParseHostPort, RoundTrip) {
  for (const char* text : {"api.example.com:443", "10.0.0.1:8080", "[::1]:65535"}) {
    auto endpoint = ParseHostPort(text);
    ASSERT_TRUE(endpoint.ok()) << text;
    EXPECT_EQ(Canonical(*endpoint), text);
  }
  EXPECT_EQ(Canonical(*ParseHostPort("EXAMPLE.com:0443")), "example.com:443");
}

TEST(ParseHostPort, Refusals) {
  for (const char* text : {"example.com", "example.com:", "example.com:0", "example.com:65536",
                           "example.com:+1", "::1", "::1:80", ":80", "example.com:80x", ""}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
}

TEST(IsAddress, Table) {
  EXPECT_TRUE(IsAddress("1.2.3.4"));
  EXPECT_TRUE(IsAddress("::ffff:1.2.3.4"));
  EXPECT_FALSE(IsAddress("example.com"));
  EXPECT_FALSE(IsAddress("[::1]"));
}

}  // namespace
}  // namespace aisix::url
