#include "supervisor/bootstrap/bootstrap.h"

#include <sys/socket.h>

#include <fstream>
#include <map>

#include "gmock/gmock.h"
#include "lib/config/zone_config.h"
#include "lib/control/environment.h"
#include "lib/control/message.h"
#include "lib/os/memory_file.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::bootstrap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;

struct Sent {
  std::map<std::string, std::string> boot;
  std::map<std::string, control::Environment> environment;
};

class BootstrapTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    supervisor_.reset(ends[0]);
    child_.reset(ends[1]);
  }

  absl::Status RunWith(const std::string& yaml, const config::Environment& environment,
                       bool environment_only = false) {
    Options options;
    options.config_path = directory_.Write("config.yaml", yaml);
    options.environment_only = environment_only;
    options.version = "9.8.7";
    options.control_socket = child_.get();
    return bootstrap::Run(options, environment);
  }

  Sent Take() {
    Sent sent;
    while (true) {
      auto message = control::Receive(supervisor_.get());
      EXPECT_TRUE(message.ok()) << message.status();
      if (!message.ok() || !message->has_value()) return sent;
      EXPECT_TRUE(os::IsSealed((*message)->fd.get())) << (*message)->name;
      auto text = os::ReadAll((*message)->fd.get());
      EXPECT_TRUE(text.ok()) << text.status();
      if ((*message)->type == control::MessageType::kBoot) {
        EXPECT_TRUE(sent.boot.emplace((*message)->name, *text).second) << (*message)->name;
      } else {
        EXPECT_EQ((*message)->type, control::MessageType::kEnvironment);
        auto variables = control::DecodeEnvironment(*text);
        EXPECT_TRUE(variables.ok()) << variables.status();
        sent.environment[(*message)->name] = *variables;
      }
    }
  }

  config::ScratchDirectory directory_;
  os::UniqueFd supervisor_, child_;
};

TEST_F(BootstrapTest, SendsOneSealedPartPerZoneAndItsEnvironment) {
  std::string resources =
      directory_.Write("resources.yaml", "provider_keys: [{api_key: '${UPSTREAM_KEY}'}]\n");
  absl::Status status = RunWith("resources_file: '" + resources +
                                    "'\nproxy: {addr: '127.0.0.1:1', workers: 3}\nadmin: {admin_keys: [k]}\n",
                                {{"UPSTREAM_KEY", "sk"}, {"OTHER", "x"}, {"RUST_LOG", "off"}});
  ASSERT_TRUE(status.ok()) << status;
  Sent sent = Take();
  EXPECT_THAT(sent.boot,
              ElementsAre(Key("admin"), Key("egress"), Key("metrics"), Key("proxy"), Key("supervisor")));
  auto supervisor = config::DecodeSupervisorPart(sent.boot["supervisor"]);
  ASSERT_TRUE(supervisor.ok()) << supervisor.status();
  EXPECT_EQ(supervisor->proxy_workers, 3u);
  EXPECT_EQ(supervisor->common.version, "9.8.7");
  EXPECT_TRUE(config::DecodeProxyPart(sent.boot["proxy"]).ok());
  auto admin = config::DecodeAdminPart(sent.boot["admin"]);
  ASSERT_TRUE(admin.ok()) << admin.status();
  EXPECT_EQ(admin->resources_file, resources);
  EXPECT_TRUE(config::DecodeMetricsPart(sent.boot["metrics"]).ok());
  EXPECT_TRUE(config::DecodeEgressPart(sent.boot["egress"]).ok());
  EXPECT_THAT(sent.environment["admin"], ElementsAre(Pair("RUST_LOG", "off"), Pair("UPSTREAM_KEY", "sk")));
  EXPECT_THAT(sent.environment["proxy"], ElementsAre(Pair("RUST_LOG", "off")));
  EXPECT_EQ(sent.environment.size(), 5u);
}

TEST_F(BootstrapTest, AReloadSendsTheEnvironmentAlone) {
  std::string resources = directory_.Write("resources.yaml", "api_keys: [{key_env: CI_KEY}]\n");
  absl::Status status =
      RunWith("resources_file: '" + resources + "'\nproxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false}\n",
              {{"CI_KEY", "v"}}, /*environment_only=*/true);
  ASSERT_TRUE(status.ok()) << status;
  Sent sent = Take();
  EXPECT_THAT(sent.boot, IsEmpty());
  EXPECT_THAT(sent.environment["admin"], ElementsAre(Pair("CI_KEY", "v")));
}

TEST_F(BootstrapTest, AnAbsentResourcesFileIsLeftToItsZone) {
  EXPECT_TRUE(RunWith(config::kMinimal, {}).ok());
  EXPECT_EQ(Take().boot.size(), 5u);
}

TEST_F(BootstrapTest, AFailureSendsNothing) {
  absl::Status status = RunWith("proxy: {addr: x}\n", {});
  EXPECT_EQ(status.message(),
            "config load failed: failed to load configuration: etcd.endpoints must contain at least one "
            "endpoint (or "
            "set resources_file to load resources from a file)");
  Sent sent = Take();
  EXPECT_THAT(sent.boot, IsEmpty());
  EXPECT_THAT(sent.environment, IsEmpty());
}

TEST_F(BootstrapTest, ASupervisorThatIsGoneIsAnError) {
  supervisor_.reset();
  EXPECT_FALSE(RunWith(config::kMinimal, {}).ok());
}

TEST(BootstrapArgumentsTest, AreReadStrictly) {
  Options options;
  EXPECT_TRUE(ParseArguments({"--config", "a.yaml"}, options).ok());
  EXPECT_EQ(options.config_path, "a.yaml");
  EXPECT_FALSE(options.environment_only);
  EXPECT_TRUE(ParseArguments({"--environment-only", "--config", "b"}, options).ok());
  EXPECT_TRUE(options.environment_only);
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {}, {"--config"}, {"--config", ""}, {"x"}, {"--config", "a", "more"}}) {
    Options fresh;
    EXPECT_FALSE(ParseArguments(bad, fresh).ok());
  }
}

}  // namespace
}  // namespace aisix::bootstrap
