#include "lib/config/loader/warnings.h"

#include "gmock/gmock.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kQuiet[] = "observability: {metrics: {prometheus: {addr: '127.0.0.1:9090'}}}\n";

std::vector<std::string> Warnings(const std::string& yaml, const Environment& environment = {}) {
  auto loaded = LoadText(yaml, environment);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? StartWarnings(*loaded, environment) : std::vector<std::string>{};
}

TEST(WarningsTest, AnOrdinaryFileIsQuiet) {
  EXPECT_THAT(Warnings(std::string(kMinimal) + kQuiet), IsEmpty());
  // Keys that ask for nothing.
  EXPECT_THAT(
      Warnings(std::string(kMinimal) + kQuiet +
               "etcd: {endpoints: []}\ncache: {backend: memory}\nratelimit: {backend: memory}\nmanaged: "
               "{enabled: false, heartbeat_interval_secs: 5}\nbedrock_endpoint_url: ''\n"),
      IsEmpty());
}

TEST(WarningsTest, OneLineNamesAllKeysWithoutEffect) {
  std::vector<std::string> warnings = Warnings(
      "resources_file: r\nadmin: {enabled: false}\nproxy: {addr: '127.0.0.1:1', "
      "url_rewrites: [{match: a, rewrite: b}]}\nratelimit: {backend: redis, redis: {url: "
      "'redis://:sesame@h'}}\n"
      "cache: {redis: {url: 'redis://h'}}\negress: {redis_networks: [10.0.0.0/8]}\nbedrock_endpoint_url: "
      "b\n" +
      std::string(kQuiet));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0],
            "accepted, but without effect in this version: proxy.url_rewrites, cache.redis, "
            "ratelimit.backend, ratelimit.redis, bedrock_endpoint_url, egress.redis_networks");
}

TEST(WarningsTest, ASourceThatIsNotThere) {
  const auto loaded =
      LoadText("etcd: {endpoints: ['http://x:1']}\nproxy: {addr: '127.0.0.1:1'}\nmanaged: {enabled: true}\n");
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(KeysWithoutEffect(*loaded), ElementsAre("managed"));
}

TEST(WarningsTest, KeysFromTheEnvironmentCount) {
  EXPECT_THAT(Warnings(std::string(kMinimal) + kQuiet, {{"AISIX_CACHE__REDIS__URL", "redis://h"}}),
              ElementsAre(HasSubstr("cache.redis")));
}

TEST(WarningsTest, MetricsOnAPublicAddress) {
  EXPECT_THAT(Warnings(kMinimal),
              ElementsAre(HasSubstr("observability.metrics.prometheus.addr 0.0.0.0:9090")));
  EXPECT_THAT(
      Warnings(std::string(kMinimal) + "observability: {metrics: {prometheus: {addr: '10.0.0.1:9'}}}"),
      IsEmpty());
  EXPECT_THAT(Warnings(std::string(kMinimal) + "observability: {metrics: {prometheus: {enabled: false}}}"),
              IsEmpty());
}

TEST(WarningsTest, AdminListenerInTheOpen) {
  auto warnings = [](const std::string& addr, const std::string& more = "") {
    return Warnings("resources_file: r\nproxy: {addr: '127.0.0.1:1'}\nadmin: {admin_keys: [k], addr: '" +
                    addr + "'" + more + "}\n" + kQuiet);
  };
  EXPECT_THAT(warnings("127.0.0.1:1"), Each(Not(HasSubstr("admin.addr"))));
  EXPECT_THAT(warnings("0.0.0.0:1"), Contains(HasSubstr("admin.addr 0.0.0.0:1 is a public address")));
  EXPECT_THAT(warnings("0.0.0.0:1"), Contains(HasSubstr("admin.tls is not set")));
  EXPECT_THAT(warnings("10.0.0.1:1"), Contains(HasSubstr("admin.tls is not set")));
  EXPECT_THAT(warnings("10.0.0.1:1"), Each(Not(HasSubstr("public"))));
  ScratchDirectory directory;
  std::string cert =
      directory.Write("c",
                      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE "
                      "KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  EXPECT_THAT(warnings("8.8.8.8:1", ", tls: {cert_file: '" + cert + "', key_file: '" + cert + "'}"),
              Each(Not(HasSubstr("admin.tls"))));
}

TEST(WarningsTest, PlainEtcdOffTheHost) {
  auto warnings = [](const std::string& endpoints) {
    return Warnings("etcd: {endpoints: [" + endpoints +
                    "]}\nproxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false}\n" + kQuiet);
  };
  for (const char* local :
       {"'http://127.0.0.1:1'", "'http://localhost:1/'", "'[::1]:1'", "'https://etcd:1'"}) {
    EXPECT_THAT(warnings(local), Each(Not(HasSubstr("clear text")))) << local;
  }
  for (const char* remote : {"'http://etcd:1'", "'HTTP://10.0.0.1:1'", "'10.0.0.1:1'",
                             "'http://127.0.0.1:1', 'http://etcd:1'", "'http://127.0.0.1.example:1'"}) {
    EXPECT_THAT(warnings(remote), Contains(HasSubstr("clear text"))) << remote;
  }
}

TEST(WarningsTest, VerificationOff) {
  EXPECT_THAT(Warnings(std::string(kMinimal) + kQuiet + "upstream: {tls: {verify: false}}"),
              ElementsAre(HasSubstr("upstream.tls.verify")));
}

TEST(WarningsTest, LocalModelVariables) {
  EXPECT_THAT(Warnings(std::string(kMinimal) + kQuiet, {{"GUARDRAIL_LOCAL_MODEL_THRESHOLD", "1"},
                                                        {"GUARDRAIL_LOCAL_MODEL_PROTOTYPES", "1"},
                                                        {"GUARDRAIL_LOCAL_MODEL_RULE_WINDOW", "1"},
                                                        {"GUARDRAIL_LOCAL_MODEL_DIR", "/d"},
                                                        {"GUARDRAIL_LOCAL_MODEL_LANES", "1"}}),
              ElementsAre("GUARDRAIL_LOCAL_MODEL_THRESHOLD is retired and ignored",
                          "GUARDRAIL_LOCAL_MODEL_PROTOTYPES is retired and ignored",
                          "GUARDRAIL_LOCAL_MODEL_RULE_WINDOW is retired and ignored",
                          HasSubstr("GUARDRAIL_LOCAL_MODEL_DIR is ignored"),
                          HasSubstr("GUARDRAIL_LOCAL_MODEL_LANES is ignored")));
}

}  // namespace
}  // namespace aisix::config
