#include "lib/url/url.h"

#include <gtest/gtest.h>

namespace aisix::url {
namespace {

TEST(Parse, AllParts) {
  auto url = Parse("HTTPS://user:p%40ss@API.example.com:8443/v1/chat?a=1&b=2#top");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->userinfo, "user:p%40ss");
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_TRUE(url->explicit_port);
  EXPECT_EQ(url->path, "/v1/chat");
  EXPECT_EQ(url->query, "a=1&b=2");
  EXPECT_EQ(url->fragment, "top");
  EXPECT_EQ(url->HostHeader(), "api.example.com:8443");
  EXPECT_EQ(url->Origin(), "https://api.example.com:8443");
  EXPECT_EQ(url->Target(), "/v1/chat?a=1&b=2");
}

TEST(Parse, Defaults) {
  auto url = Parse("http://example.com");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->port, 80);
  EXPECT_FALSE(url->explicit_port);
  EXPECT_EQ(url->path, "");
  EXPECT_FALSE(url->has_query);
  EXPECT_EQ(url->Target(), "/");
  EXPECT_EQ(url->HostHeader(), "example.com");
  EXPECT_EQ(Parse("https://e.com:443/")->HostHeader(), "e.com");
  EXPECT_EQ(Parse("https://e.com:/x")->port, 443);
  EXPECT_EQ(Parse("rediss://e.com")->port, 6379);
  EXPECT_EQ(Parse("ws://e.com?x")->Target(), "/?x");
}

TEST(Parse, Ipv6) {
  auto url = Parse("http://[2001:DB8::0:1]:8080/x");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "2001:db8::1");
  EXPECT_EQ(url->HostHeader(), "[2001:db8::1]:8080");
  EXPECT_EQ(Canonical(url->endpoint()), "[2001:db8::1]:8080");
}

// The parts between which attackers play: where does the host end?
TEST(Parse, HostIsUnambiguous) {
  EXPECT_EQ(Parse("http://a@b@c/")->host, "c");
  EXPECT_EQ(Parse("http://good.com#@evil.com/")->host, "good.com");
  EXPECT_EQ(Parse("http://good.com?@evil.com/")->host, "good.com");
  EXPECT_FALSE(Parse("http://good.com\\@evil.com/").ok());
  EXPECT_EQ(Parse("http://e.com/a?b#c?d")->fragment, "c?d");
}

TEST(Parse, Refusals) {
  for (const char* text : {"", "example.com", "//example.com", "http:/example.com", "http://", "http:///x",
                           "http://e.com:70000/", "http://e.com:0/", "http://e.com:8a/", "http://[::1/",
                           "http://[::1]x/", "http://a b/", " http://e.com", "http://e.com/\n",
                           "http://\xc3\xa4.com", "unknown://e.com", "1http://e.com", "http://0x7f.1/"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
  }
  EXPECT_TRUE(Parse("unknown://e.com:5").ok());
}

TEST(Percent, RoundTripAndRefusals) {
  EXPECT_EQ(*PercentDecode("a%2Fb%20c+"), "a/b c+");
  EXPECT_EQ(PercentEncode("a/b c~:é"), "a%2Fb%20c~%3A%C3%A9");
  EXPECT_EQ(*PercentDecode(PercentEncode("\x01 %&=")), "\x01 %&=");
  for (const char* text : {"%", "%4", "%zz", "a%", "%00", "%2"}) EXPECT_FALSE(PercentDecode(text)) << text;
}

}  // namespace
}  // namespace aisix::url
