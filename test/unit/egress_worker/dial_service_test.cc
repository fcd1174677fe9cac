#include "egress_worker/dial_service.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/ipc/dial_client.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::egress {
namespace {

using net::LoopbackSocket;

using Result = absl::StatusOr<os::UniqueFd>;

// A client, a link and the dial service, as they stand in two processes.
class DialServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rules =
        AddressRules::Make({"169.254.0.0/16", "127.0.0.2/32"}, {"0.0.0.0:" + std::to_string(own_.port)});
    ASSERT_TRUE(rules.ok());
    rules_ = *std::move(rules);
    auto resolver = Resolver::Make(loop_, {"127.0.0.1:9"});
    ASSERT_TRUE(resolver.ok());
    resolver_ = *std::move(resolver);
    DialOptions options;
    options.timeout_ms = 5000;
    service_ = std::make_unique<DialService>(loop_, destinations_, rules_, *resolver_, options, metrics_,
                                             registry_.AddShard(), logger_);
    server_ = std::make_unique<ipc::DialServer>(loop_, *service_);
    service_->SetServer(server_.get());
    Link();
  }
  void Link() {
    auto pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    server_->AddLink(std::move(pair->first));
    client_.Replace(std::move(pair->second));
  }
  void Configure(std::vector<std::string> ids) {
    ipc::ConfigBatch batch;
    batch.full = true;
    for (std::string& id : ids) batch.upserts.push_back({"destinations", std::move(id), 1, "{}"});
    EXPECT_TRUE(destinations_.Apply(batch).empty());
    service_->OnConfigured();
  }
  async::Task<void> Run(std::string host, uint16_t port, uint64_t timeout_ms) {
    async::Task<Result> dial = client_.Dial(std::move(host), port, timeout_ms);
    Result result = co_await std::move(dial);
    result_ = std::move(result);
    loop_.Stop();
  }
  Result& Dial(std::string host, uint16_t port, uint64_t timeout_ms = 5000) {
    async::Detach(Run(std::move(host), port, timeout_ms));
    loop_.Run();
    return result_;
  }
  std::map<std::string, double> Outcomes() {
    std::map<std::string, double> outcomes;
    for (const metrics::Family& family : registry_.Collect()) {
      for (const metrics::Sample& sample : family.samples) {
        if (family.name == "aisix_egress_dials_total") outcomes[sample.label_values[0]] = sample.value;
        if (family.name == "aisix_egress_dials_in_flight") outcomes["in_flight"] = sample.value;
      }
    }
    return outcomes;
  }

  LoopbackSocket own_{true};
  LoopbackSocket listener_{true};
  async::Loop loop_;
  os::UniqueFd log_file_ = *os::CreateMemoryFile("log");
  log::Logger logger_{"egress", *log::Filter::Parse("info"), log_file_.get()};
  metrics::Registry registry_;
  DialMetrics metrics_{registry_};
  DestinationList destinations_;
  AddressRules rules_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<DialService> service_;
  std::unique_ptr<ipc::DialServer> server_;
  ipc::DialClient client_{loop_, os::UniqueFd()};
  Result result_ = absl::UnknownError("no result");
};

TEST_F(DialServiceTest, AListedDestinationIsConnected) {
  Configure({"127.0.0.1:" + std::to_string(listener_.port)});
  Result& result = Dial("127.0.0.1", listener_.port);
  ASSERT_TRUE(result.ok()) << result.status();
  os::UniqueFd peer = listener_.Accept();
  ASSERT_EQ(send(result->get(), "x", 1, 0), 1);
  char byte = 0;
  ASSERT_EQ(recv(peer.get(), &byte, 1, 0), 1);
  // Egress kept no copy: the peer sees the end at once.
  result->reset();
  EXPECT_EQ(recv(peer.get(), &byte, 1, 0), 0);
  EXPECT_EQ(Outcomes()["connected"], 1);
  EXPECT_EQ(Outcomes()["in_flight"], 0);
}

TEST_F(DialServiceTest, ANameIsConnectedToo) {
  Configure({"localhost:" + std::to_string(listener_.port)});
  EXPECT_TRUE(Dial("localhost", listener_.port).ok());
}

TEST_F(DialServiceTest, AnUnlistedDestinationIsRefused) {
  Configure({"127.0.0.1:" + std::to_string(listener_.port)});
  // Another port, and another spelling of the same place.
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("127.0.0.1", listener_.port + 1).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("localhost", listener_.port).status()));
  EXPECT_EQ(result_.status().message(), "not one of the configured destinations");
  EXPECT_EQ(Outcomes()["not_configured"], 2);
  std::string log = *os::ReadAll(log_file_.get());
  EXPECT_NE(log.find("dial refused destination=\"localhost:"), std::string::npos) << log;
}

TEST_F(DialServiceTest, ANonCanonicalDestinationIsRefused) {
  Configure({"localhost:1"});
  EXPECT_TRUE(absl::IsInvalidArgument(Dial("LOCALHOST", 1).status()));
}

TEST_F(DialServiceTest, ADeniedAddressBehindANameIsRefused) {
  // `localhost` leads to 127.0.0.1 and ::1: deny both.
  auto rules = AddressRules::Make({"127.0.0.0/8", "::1"}, {});
  ASSERT_TRUE(rules.ok());
  rules_ = *std::move(rules);
  std::string port = std::to_string(listener_.port);
  Configure({"localhost:" + port, "127.0.0.1:" + port});
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("localhost", listener_.port).status()));
  EXPECT_EQ(result_.status().message(), "the address is in a denied network");
  EXPECT_EQ(Outcomes()["denied"], 1);
  // Configured as that very address it is allowed.
  EXPECT_TRUE(Dial("127.0.0.1", listener_.port).ok());
}

TEST_F(DialServiceTest, TheGatewaysOwnListenerIsRefusedBehindAName) {
  std::string port = std::to_string(own_.port);
  Configure({"localhost:" + port, "127.0.0.1:" + port});
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("localhost", own_.port).status()));
  EXPECT_TRUE(Dial("127.0.0.1", own_.port).ok());
}

TEST_F(DialServiceTest, ARefusedConnectionSaysWhy) {
  LoopbackSocket closed(false);
  Configure({"127.0.0.1:" + std::to_string(closed.port)});
  EXPECT_EQ(Dial("127.0.0.1", closed.port).status(), absl::UnavailableError("connection refused"));
  EXPECT_EQ(Outcomes()["connect_failed"], 1);
}

TEST_F(DialServiceTest, DialsWaitForTheFirstConfiguration) {
  loop_.Post([&] { Configure({"127.0.0.1:" + std::to_string(listener_.port)}); });
  EXPECT_TRUE(Dial("127.0.0.1", listener_.port).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("127.0.0.1", 1).status()));
}

TEST_F(DialServiceTest, WithoutConfigurationTheDeadlineEndsTheWait) {
  EXPECT_TRUE(absl::IsDeadlineExceeded(Dial("127.0.0.1", listener_.port, 10).status()));
}

TEST_F(DialServiceTest, ALostLinkEndsItsDials) {
  async::Detach(Run("127.0.0.1", listener_.port, 5000));  // waits for the configuration
  async::Timer timer;
  timer.Start(
      loop_, 1, [](void* loop) { static_cast<async::Loop*>(loop)->Stop(); }, &loop_);
  loop_.Run();
  ASSERT_EQ(service_->outstanding(), 1u);
  Configure({"127.0.0.1:" + std::to_string(listener_.port)});
  Link();
  loop_.Run();  // the client sent it again over the new link
  EXPECT_TRUE(result_.ok()) << result_.status();
  EXPECT_EQ(service_->outstanding(), 0u);
  EXPECT_EQ(Outcomes()["cancelled"], 1);
}

}  // namespace
}  // namespace aisix::egress
