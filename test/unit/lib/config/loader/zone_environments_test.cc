#include "gmock/gmock.h"
#include "lib/config/loader/zone_parts.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;

Environment AdminEnvironment(const std::string& resources, const Environment& environment) {
  return ZoneEnvironments(LoadSettings(kMinimal), environment, resources)["admin"];
}

TEST(ZoneEnvironmentsTest, LoggingAndTrustRootsForAllNothingElse) {
  auto zones = ZoneEnvironments(LoadSettings(kMinimal),
                                {{"RUST_LOG", "debug"},
                                 {"SSL_CERT_FILE", "/f"},
                                 {"SSL_CERT_DIR", "/d"},
                                 {"PATH", "/bin"},
                                 {"AISIX_ADMIN__ADMIN_KEYS", "k"},
                                 {"OPENAI_API_KEY", "sk"}},
                                "");
  EXPECT_THAT(zones,
              ElementsAre(Key("admin"), Key("egress"), Key("metrics"), Key("proxy"), Key("supervisor")));
  for (const auto& [zone, environment] : zones) {
    EXPECT_THAT(environment, ElementsAre(Pair("RUST_LOG", "debug"), Pair("SSL_CERT_DIR", "/d"),
                                         Pair("SSL_CERT_FILE", "/f")))
        << zone;
  }
}

TEST(ZoneEnvironmentsTest, EveryZoneIsThereWithoutVariables) {
  EXPECT_EQ(ZoneEnvironments(LoadSettings(kMinimal), {}, "").size(), 5u);
}

TEST(ZoneEnvironmentsTest, ReferencesOfTheResourcesFileGoToAdminOnly) {
  Environment environment = {{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"E", "5"}, {"RUST_LOG", "x"}};
  auto zones = ZoneEnvironments(LoadSettings(kMinimal), environment,
                                "provider_keys:\n  - {api_key: 'x${A}y${B}', n: [['${C}']]}\n  # ${D}\n");
  EXPECT_THAT(zones["admin"], ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("C", "3"), Key("RUST_LOG")));
  EXPECT_THAT(zones["proxy"], ElementsAre(Key("RUST_LOG")));
}

TEST(ZoneEnvironmentsTest, EscapesAndKeysAreNoReferences) {
  Environment environment = {{"A", "1"}, {"B", "2"}};
  EXPECT_THAT(AdminEnvironment("m: [{a: '$${A}'}]", environment), IsEmpty());
  EXPECT_THAT(AdminEnvironment("m: [{'${A}': x}]", environment), IsEmpty());
  EXPECT_THAT(AdminEnvironment("m: [{a: '$A ${A $'}]", environment), IsEmpty());
  EXPECT_THAT(AdminEnvironment("m: [{a: '$$${A}'}]", environment), ElementsAre(Key("A")));
  EXPECT_THAT(AdminEnvironment("m: [{a: '${}${MISSING}${B}'}]", environment), ElementsAre(Key("B")));
}

TEST(ZoneEnvironmentsTest, KeyVariablesOfCallers) {
  Environment environment = {{"CI_KEY", "sk"}, {"WHICH", "CI"}, {"OTHER", "x"}};
  EXPECT_THAT(AdminEnvironment("api_keys: [{key_env: CI_KEY}]", environment), ElementsAre(Key("CI_KEY")));
  EXPECT_THAT(AdminEnvironment("api_keys: [{key_env: '${WHICH}_KEY'}]", environment),
              ElementsAre(Key("CI_KEY"), Key("WHICH")));
  EXPECT_THAT(AdminEnvironment("models: [{key_env: CI_KEY}]", environment), IsEmpty());
  EXPECT_THAT(AdminEnvironment("api_keys: {key_env: CI_KEY}", environment), IsEmpty());
}

TEST(ZoneEnvironmentsTest, AFileThatWillBeRefusedNeedsNothing) {
  EXPECT_THAT(AdminEnvironment("a: {b: '${A}'", {{"A", "1"}}), IsEmpty());
  EXPECT_THAT(AdminEnvironment("", {{"A", "1"}}), IsEmpty());
}

TEST(ZoneEnvironmentsTest, EtcdPassword) {
  Environment environment = {{"ETCD_PW", "p"}, {"A", "1"}};
  Settings settings = LoadSettings(
      "etcd: {endpoints: ['a:1'], user: u, password_env: ETCD_PW}\nproxy: {addr: "
      "'127.0.0.1:1'}\nadmin: {enabled: false}\n",
      environment);
  auto zones = ZoneEnvironments(settings, environment, "a: ['${A}']");
  EXPECT_THAT(zones["admin"], ElementsAre(Pair("ETCD_PW", "p")));
  EXPECT_THAT(zones["egress"], IsEmpty());
}

}  // namespace
}  // namespace aisix::config
