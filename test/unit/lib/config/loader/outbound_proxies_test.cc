#include "lib/config/loader/outbound_proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/config/loader/static_destinations.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Text(const std::optional<OutboundProxy>& proxy) {
  if (!proxy) return "none";
  std::string text = (proxy->tls ? "https " : "http ") + proxy->host + " " + std::to_string(proxy->port);
  if (proxy->has_credentials) text += " " + proxy->username + ":" + proxy->password;
  return text;
}

OutboundProxies Read(const Environment& environment) {
  absl::StatusOr<OutboundProxies> proxies = ReadOutboundProxies(environment);
  EXPECT_TRUE(proxies.ok()) << proxies.status();
  return proxies.ok() ? *proxies : OutboundProxies{};
}

TEST(OutboundProxies, NoneIsTheDefault) {
  const OutboundProxies proxies = Read({{"NO_PROXY", "a"}, {"HTTPS_PROXY", " "}});
  EXPECT_EQ(Text(proxies.https), "none");
  EXPECT_EQ(Text(proxies.http), "none");
  EXPECT_THAT(proxies.exceptions, IsEmpty());
}

TEST(OutboundProxies, EachSchemeHasItsOwn) {
  const OutboundProxies proxies =
      Read({{"HTTPS_PROXY", "http://Proxy.Corp:3128/"}, {"http_proxy", "10.0.0.1:8080"}});
  EXPECT_EQ(Text(proxies.https), "http proxy.corp 3128");
  EXPECT_EQ(Text(proxies.http), "http 10.0.0.1 8080");
}

TEST(OutboundProxies, AllProxyServesWhatHasNone) {
  const OutboundProxies proxies = Read({{"all_proxy", "https://[2001:db8::1]"}, {"HTTP_PROXY", "p"}});
  EXPECT_EQ(Text(proxies.https), "https 2001:db8::1 443");
  EXPECT_EQ(Text(proxies.http), "http p 80");
}

TEST(OutboundProxies, CapitalsComeFirst) {
  EXPECT_EQ(Text(Read({{"HTTPS_PROXY", "a:1"}, {"https_proxy", "b:2"}}).https), "http a 1");
  EXPECT_EQ(Text(Read({{"HTTPS_PROXY", ""}, {"https_proxy", "b:2"}}).https), "http b 2");
}

TEST(OutboundProxies, CredentialsAreDecoded) {
  EXPECT_EQ(Text(Read({{"HTTPS_PROXY", "http://us%40er:p%3Aa%2Fss@p:1"}}).https), "http p 1 us@er:p:a/ss");
  EXPECT_EQ(Text(Read({{"HTTPS_PROXY", "user@p:1"}}).https), "http p 1 user:");
}

TEST(OutboundProxies, ExceptionsAreAList) {
  EXPECT_THAT(
      Read({{"HTTPS_PROXY", "p"}, {"NO_PROXY", " Localhost,.Corp , 10.0.0.0/8 [::1]:80,,"}}).exceptions,
      ElementsAre("localhost", ".corp", "10.0.0.0/8", "[::1]:80"));
}

TEST(OutboundProxies, AnUnusableValueEndsTheStartAndIsNotShown) {
  for (const char* value : {"socks5://user:hunter2@p:1", "http://user:hunter2@", "http://user:hunter2@p:x",
                            "http://user:hunter2%zz@p:1", "ftp://user:hunter2@p"}) {
    const std::string message = LoadError(kMinimal, {{"https_proxy", value}});
    EXPECT_THAT(message, HasSubstr("https_proxy: ")) << value;
    EXPECT_THAT(message, Not(HasSubstr("hunter2"))) << value;
  }
}

TEST(StaticDestinations, LeadToProxiesWithoutTheirCredentials) {
  const Settings settings = LoadSettings(kMinimal, {{"HTTPS_PROXY", "http://user:hunter2@Proxy.corp:3128"},
                                                    {"HTTP_PROXY", "http://[::1]:3129"}});
  EXPECT_THAT(StaticDestinations(settings), ElementsAre("[::1]:3129", "proxy.corp:3128"));
}

TEST(StaticDestinations, LeadToRedisAndTheBedrockEndpoint) {
  const std::string base = kMinimal;
  EXPECT_THAT(StaticDestinations(LoadSettings(base)), IsEmpty());
  EXPECT_THAT(StaticDestinations(LoadSettings(
                  base + "cache: {redis: {url: 'rediss://u:p@Redis.corp/2'}}\n"
                         "ratelimit: {backend: redis, redis: {mode: cluster, nodes: ['redis://a:7000', b]}}\n"
                         "bedrock_endpoint_url: https://bedrock.corp/x\n")),
              ElementsAre("a:7000", "b:6379", "bedrock.corp:443", "redis.corp:6379"));
  EXPECT_THAT(
      StaticDestinations(LoadSettings(base + "cache: {redis: {mode: sentinel, master_name: m, sentinels: "
                                             "['redis://s:26380', 'redis://t']}}\n")),
      ElementsAre("s:26380", "t:26379"));
  // A block that nothing uses leads nowhere.
  EXPECT_THAT(StaticDestinations(LoadSettings(base + "ratelimit: {redis: {url: 'redis://r'}}\n")), IsEmpty());
}

TEST(StaticDestinations, RedisNamesPeersOnlyInSomeModes) {
  const std::string base = kMinimal;
  EXPECT_FALSE(RedisDiscoversPeers(LoadSettings(base)));
  EXPECT_FALSE(RedisDiscoversPeers(LoadSettings(base + "cache: {redis: {url: 'redis://r'}}\n")));
  EXPECT_TRUE(RedisDiscoversPeers(LoadSettings(base + "cache: {redis: {mode: cluster, nodes: [a]}}\n")));
}

}  // namespace
}  // namespace aisix::config
