#include "lib/dns/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aisix::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Machine SomeMachine() {
  Machine machine;
  machine.interfaces = {{"eth0", 7}};
  return machine;
}

std::vector<std::string> Servers(const ResolvConf& conf) {
  std::vector<std::string> texts;
  for (const NameServer& server : conf.servers) {
    texts.push_back(server.address.ToString() +
                    (server.scope == 0 ? "" : "%" + std::to_string(server.scope)));
  }
  return texts;
}

std::vector<std::string> Ips(const std::vector<net::Address>* addresses) {
  std::vector<std::string> texts;
  if (addresses == nullptr) return {"unknown"};
  for (const net::Address& address : *addresses) texts.push_back(address.Ip());
  return texts;
}

TEST(ResolvConf, AnUsualFile) {
  const ResolvConf conf = ParseResolvConf(
      "# Generated\n"
      "; by a program\n"
      "nameserver 192.0.2.53\n"
      "nameserver\t2001:db8::53\r\n"
      "search ns.svc.cluster.local svc.cluster.local cluster.local\n"
      "options ndots:5 timeout:2 attempts:4 rotate edns0 trust-ad\n",
      SomeMachine());
  EXPECT_THAT(Servers(conf), ElementsAre("192.0.2.53:53", "[2001:db8::53]:53"));
  EXPECT_THAT(conf.search, ElementsAre("ns.svc.cluster.local", "svc.cluster.local", "cluster.local"));
  EXPECT_EQ(conf.ndots, 5);
  EXPECT_EQ(conf.timeout_ms, 2000);
  EXPECT_EQ(conf.attempts, 4);
  EXPECT_TRUE(conf.rotate);
  EXPECT_TRUE(conf.edns0);
  EXPECT_FALSE(conf.use_tcp);
  EXPECT_FALSE(conf.ipv4_only);
}

TEST(ResolvConf, NothingIsALocalServer) {
  for (const char* text :
       {"", "\n\n", "nameserver\n", "nameserver example.com\n", "# nameserver 192.0.2.1\n"}) {
    EXPECT_THAT(Servers(ParseResolvConf(text, {})), ElementsAre("127.0.0.1:53")) << text;
  }
  const ResolvConf conf = ParseResolvConf("", {});
  EXPECT_EQ(conf.ndots, 1);
  EXPECT_THAT(conf.search, IsEmpty());
}

TEST(ResolvConf, ServersMayHaveAScopeAndAPort) {
  EXPECT_THAT(
      Servers(ParseResolvConf("nameserver fe80::1%eth0\n"
                              "nameserver fe80::2%3\n"
                              "nameserver fe80::3%gone\n"
                              "nameserver [fe80::4%eth0]:5353\n"
                              "nameserver 127.0.0.1:5354\n"
                              "nameserver 127.0.0.1:0\n"
                              "nameserver [::1\n"
                              "nameserver [::1]x\n"
                              "nameserver ::1 # the last\n",
                              SomeMachine())),
      ElementsAre("[fe80::1]:53%7", "[fe80::2]:53%3", "[fe80::4]:5353%7", "127.0.0.1:5354", "[::1]:53"));
}

TEST(ResolvConf, ServersAreBounded) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "nameserver 192.0.2." + std::to_string(i) + "\n";
  EXPECT_EQ(ParseResolvConf(text, {}).servers.size(), ResolvConf::kMaxServers);
}

TEST(ResolvConf, TheLastSearchOrDomainCounts) {
  EXPECT_THAT(ParseResolvConf("search a b\ndomain c d\n", {}).search, ElementsAre("c"));
  EXPECT_THAT(ParseResolvConf("domain c\nsearch a b\n", {}).search, ElementsAre("a", "b"));
  EXPECT_THAT(ParseResolvConf("search .\n", {}).search, IsEmpty());
}

TEST(ResolvConf, TheDomainOfTheHostNameIsTheDefault) {
  Machine machine;
  machine.host_name = "gateway.corp.example";
  EXPECT_THAT(ParseResolvConf("", machine).search, ElementsAre("corp.example"));
  EXPECT_THAT(ParseResolvConf("search .\n", machine).search, IsEmpty());
  machine.host_name = "gateway";
  EXPECT_THAT(ParseResolvConf("", machine).search, IsEmpty());
}

TEST(ResolvConf, OptionsAreKeptInBounds) {
  const ResolvConf conf =
      ParseResolvConf("options ndots:99 timeout:0 attempts:99\noptions use-vc no-aaaa ndots:x\n", {});
  EXPECT_EQ(conf.ndots, 15);
  EXPECT_EQ(conf.timeout_ms, 1000);
  EXPECT_EQ(conf.attempts, 5);
  EXPECT_TRUE(conf.use_tcp);
  EXPECT_TRUE(conf.ipv4_only);
}

TEST(Hosts, NamesAndAliases) {
  const Hosts hosts = Hosts::Parse(
      "127.0.0.1\tlocalhost\n"
      "# 192.0.2.9 commented\n"
      "192.0.2.1  Api.Example.com  api # the first\n"
      "2001:db8::1 api.example.com\n"
      "192.0.2.1 api.example.com\n"
      "192.0.2.2 last#comment other\n"
      "not-an-address x\n"
      "fe80::1%lo0 scoped\n");
  EXPECT_THAT(Ips(hosts.Find("api.example.com")), ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_THAT(Ips(hosts.Find("api.example.com.")), ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_THAT(Ips(hosts.Find("api")), ElementsAre("192.0.2.1"));
  EXPECT_THAT(Ips(hosts.Find("last")), ElementsAre("192.0.2.2"));
  for (const char* name : {"commented", "x", "scoped", "the", "other", "comment", "example.com", ""}) {
    EXPECT_EQ(hosts.Find(name), nullptr) << name;
  }
  EXPECT_EQ(Hosts::Parse("").size(), 0u);
}

TEST(Machine, KnowsItsInterfaces) {
  const Machine machine = Machine::Read();
  ASSERT_TRUE(machine.interfaces.contains("lo"));
  EXPECT_GT(machine.interfaces.at("lo"), 0u);
}

}  // namespace
}  // namespace aisix::dns
