#include "supervisor/listen/bind_error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "supervisor/listen/listener_name.h"

namespace aisix::supervisor {
namespace {

class BindErrorTest : public ::testing::Test {
 protected:
  std::string Describe(const std::string& listener, const std::string& text, int error) {
    const config::ListenerSpec spec{listener, text, false};
    const Address address = *ParseAddress(text);
    return DescribeBindFailure({spec, address, error, privilege, "/usr/bin/aisix", 1024, own_listener});
  }

  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  BindPrivilege privilege{
      .permitted = false, .in_bounding_set = true, .no_new_privs = false, .in_file = false};
  std::string own_listener;
};

TEST_F(BindErrorTest, BeginsWithTheListenerAndItsError) {
  const auto first_line = [this](const std::string& listener) {
    const std::string text = Describe(listener, "0.0.0.0:80", EACCES);
    return text.substr(0, text.find('\n'));
  };
  const std::string failed = "bind 0.0.0.0:80 failed: Permission denied (os error 13)";
  EXPECT_EQ(first_line("proxy"), "proxy serve error: proxy listener " + failed);
  EXPECT_EQ(first_line("proxy.2"), "proxy serve error: proxy listener " + failed);
  EXPECT_EQ(first_line("admin"), "admin serve error: admin listener " + failed);
  EXPECT_EQ(first_line("metrics"), "metrics listener " + failed);
}

TEST_F(BindErrorTest, KeysOfAddresses) {
  EXPECT_EQ(AddressKey("proxy"), "proxy.addr");
  EXPECT_EQ(AddressKey("proxy.1"), "proxy.listeners[0].addr");
  EXPECT_EQ(AddressKey("proxy.12"), "proxy.listeners[11].addr");
  EXPECT_EQ(AddressKey("admin"), "admin.addr");
  EXPECT_EQ(AddressKey("metrics"), "observability.metrics.prometheus.addr");
}

TEST_F(BindErrorTest, ALowPortIsExplainedForEveryHome) {
  const std::string text = Describe("admin", "[::]:443", EACCES);
  for (const char* part :
       {"AmbientCapabilities=CAP_NET_BIND_SERVICE", "ListenStream=[::]:443 and FileDescriptorName=admin",
        "--cap-add NET_BIND_SERVICE", "--sysctl net.ipv4.ip_unprivileged_port_start=443",
        "{capabilities: {add: [NET_BIND_SERVICE]}}", "value: \"443\"",
        "setcap cap_net_bind_service=p /usr/bin/aisix", "a port of 1024 or more with admin.addr",
        "AISIX_ADMIN__ADDR"}) {
    EXPECT_TRUE(Has(text, part)) << part << " is not in\n" << text;
  }
  EXPECT_FALSE(Has(text, "The file of this program")) << text;
}

TEST_F(BindErrorTest, AFileCapabilityThatDoesNotHelpIsExplained) {
  privilege.in_file = true;
  privilege.no_new_privs = true;
  EXPECT_TRUE(Has(Describe("proxy", "0.0.0.0:80", EACCES), "no shell, script or tini may stand in between"));
  privilege.in_bounding_set = false;
  EXPECT_TRUE(
      Has(Describe("proxy", "0.0.0.0:80", EACCES), "the bounding set of the service or container lacks it"));
}

TEST_F(BindErrorTest, WhatNoCapabilityWouldChange) {
  EXPECT_TRUE(Has(Describe("proxy", "0.0.0.0:3000", EACCES), "No capability is needed for port 3000"));
  privilege.permitted = true;
  const std::string text = Describe("proxy", "0.0.0.0:80", EACCES);
  EXPECT_TRUE(Has(text, "user namespace")) << text;
  EXPECT_TRUE(Has(text, "sysctl -w net.ipv4.ip_unprivileged_port_start=80")) << text;
  EXPECT_FALSE(Has(text, "setcap")) << text;
}

TEST_F(BindErrorTest, APortInUseNamesWhoCouldHaveIt) {
  std::string text = Describe("metrics", "127.0.0.1:9090", EADDRINUSE);
  for (const char* part : {"ss -ltnp 'sport = :9090'", "socket unit", "observability.metrics.prometheus.addr",
                           "AISIX_OBSERVABILITY__METRICS__PROMETHEUS__ADDR"}) {
    EXPECT_TRUE(Has(text, part)) << part << " is not in\n" << text;
  }
  own_listener = "proxy.1";
  text = Describe("metrics", "127.0.0.1:9090", EADDRINUSE);
  EXPECT_TRUE(
      Has(text, "proxy.listeners[0].addr and observability.metrics.prometheus.addr of this configuration"))
      << text;
  EXPECT_FALSE(Has(text, "ss -ltnp")) << text;
}

TEST_F(BindErrorTest, AnAddressThatIsNotHere) {
  std::string text = Describe("proxy", "192.0.2.7:3000", EADDRNOTAVAIL);
  EXPECT_TRUE(Has(text, "No interface here has this address")) << text;
  EXPECT_TRUE(Has(text, "0.0.0.0:3000 in proxy.addr")) << text;
  EXPECT_TRUE(Has(text, "net.ipv4.ip_nonlocal_bind=1")) << text;
  text = Describe("proxy.1", "[2001:db8::7]:3000", EADDRNOTAVAIL);
  EXPECT_TRUE(Has(text, "[::]:3000 in proxy.listeners[0].addr")) << text;
  EXPECT_TRUE(Has(text, "net.ipv6.ip_nonlocal_bind=1")) << text;
}

TEST_F(BindErrorTest, OtherErrorsNameTheKey) {
  EXPECT_TRUE(Has(Describe("proxy", "[::]:3000", EAFNOSUPPORT), "IPv6 is switched off here"));
  EXPECT_TRUE(Has(Describe("proxy", "0.0.0.0:3000", EMFILE), "The address comes from proxy.addr"));
}

}  // namespace
}  // namespace aisix::supervisor
