#include "proxy_worker/upstream/outbound_proxies.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

bool Excepts(std::vector<std::string> entries, std::string_view host, uint16_t port = 443) {
  return NoProxy(entries).Contains(host, port);
}

TEST(NoProxy, NamesCoverWhatIsBelowThem) {
  for (const char* entry : {"corp.example", ".corp.example", "*.corp.example", "corp.example."}) {
    EXPECT_TRUE(Excepts({entry}, "corp.example")) << entry;
    EXPECT_TRUE(Excepts({entry}, "llm.corp.example")) << entry;
    EXPECT_FALSE(Excepts({entry}, "notcorp.example")) << entry;
    EXPECT_FALSE(Excepts({entry}, "corp.example.org")) << entry;
    EXPECT_FALSE(Excepts({entry}, "example")) << entry;
  }
  EXPECT_TRUE(Excepts({"a", "localhost"}, "localhost"));
}

TEST(NoProxy, Ports) {
  EXPECT_TRUE(Excepts({"corp.example:8080"}, "llm.corp.example", 8080));
  EXPECT_FALSE(Excepts({"corp.example:8080"}, "llm.corp.example", 443));
  EXPECT_TRUE(Excepts({"127.0.0.1:8080"}, "127.0.0.1", 8080));
  EXPECT_FALSE(Excepts({"127.0.0.1:8080"}, "127.0.0.1", 443));
  EXPECT_TRUE(Excepts({"[::1]:8080"}, "::1", 8080));
  EXPECT_FALSE(Excepts({"[::1]:8080"}, "::1", 443));
  EXPECT_FALSE(Excepts({"corp.example:x"}, "corp.example"));
}

TEST(NoProxy, AddressesAndNetworks) {
  EXPECT_TRUE(Excepts({"10.0.0.0/8"}, "10.1.2.3"));
  EXPECT_FALSE(Excepts({"10.0.0.0/8"}, "11.1.2.3"));
  EXPECT_TRUE(Excepts({"127.0.0.1"}, "127.0.0.1"));
  EXPECT_FALSE(Excepts({"127.0.0.1"}, "127.0.0.10"));
  EXPECT_TRUE(Excepts({"fd00::/8"}, "fd00::1"));
  EXPECT_TRUE(Excepts({"::1"}, "::1"));
  EXPECT_TRUE(Excepts({"[::1]"}, "::1"));
  EXPECT_FALSE(Excepts({"10.0.0.0/8"}, "ten.example")) << "names are not resolved";
  EXPECT_FALSE(Excepts({"1"}, "10.0.0.1")) << "an address is not a name below another";
}

TEST(NoProxy, EverythingAndNothing) {
  EXPECT_TRUE(Excepts({"*"}, "a.example"));
  EXPECT_TRUE(Excepts({"*"}, "::1"));
  EXPECT_FALSE(Excepts({}, "a.example"));
  EXPECT_FALSE(Excepts({".", ":", "*.", "[", "10.0.0.0/99"}, "a.example"));
}

config::OutboundProxy Proxy(std::string host) {
  config::OutboundProxy proxy;
  proxy.host = std::move(host);
  proxy.port = 3128;
  return proxy;
}

TEST(OutboundProxies, AreChosenByScheme) {
  config::OutboundProxies configured;
  configured.https = Proxy("secured");
  configured.http = Proxy("plain");
  configured.exceptions = {"near.example"};
  const OutboundProxies proxies(configured, nullptr);
  EXPECT_EQ(proxies.For("far.example", 443, true)->host, "secured");
  EXPECT_EQ(proxies.For("far.example", 80, false)->host, "plain");
  EXPECT_EQ(proxies.For("near.example", 443, true), nullptr);
  EXPECT_EQ(proxies.For("far.example", 443, true), proxies.For("other.example", 443, true))
      << "one object per proxy: connections are shared by it";
  EXPECT_EQ(OutboundProxies().For("far.example", 443, true), nullptr);
}

TEST(OutboundProxies, CredentialsAreForBasicAuthentication) {
  config::OutboundProxies configured;
  configured.https = Proxy("p");
  EXPECT_EQ(OutboundProxies(configured, nullptr).For("h", 443, true)->authorization, "");
  configured.https->has_credentials = true;
  configured.https->username = "Aladdin";
  configured.https->password = "open sesame";
  EXPECT_EQ(OutboundProxies(configured, nullptr).For("h", 443, true)->authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617 §2
}

}  // namespace
}  // namespace aisix::proxy
