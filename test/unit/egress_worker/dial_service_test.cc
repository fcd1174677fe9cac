#include "egress_worker/dial_service.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/ipc/dial_client.h"
#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "test/unit/lib/dns/name_server.h"
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
    dns::ResolverOptions at_once;
    at_once.again_after_ms = 0;
    resolver_ = std::make_unique<dns::Resolver>(loop_, dns::ParseSettings(names_.line(), "", {}), at_once);
    metrics_.Start(registry_.AddShard());
    DialOptions options;
    options.timeout_ms = 100;  // of clients without a limit of their own
    options.redis_networks = {*net::Network::Parse("127.1.0.0/16"), *net::Network::Parse("169.254.0.0/16")};
    Serve(options);
  }
  void Serve(const DialOptions& options) {
    server_.reset();
    service_ =
        std::make_unique<DialService>(loop_, destinations_, rules_, *resolver_, options, metrics_, logger_);
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
        if (family.name == "aisix_egress_dials_total") {
          outcomes[sample.label_values[1]] += sample.value;
          outcomes[sample.label_values[0] + " " + sample.label_values[1]] = sample.value;
        }
        if (family.name == "aisix_egress_dials_in_flight") outcomes["in_flight"] += sample.value;
        if (family.name == "aisix_egress_lookups_total") {
          outcomes["look-up " + sample.label_values[0]] = sample.value;
        }
      }
    }
    return outcomes;
  }

  dns::TestNameServer names_;
  LoopbackSocket own_{true};
  LoopbackSocket listener_{true};
  async::Loop loop_;
  os::UniqueFd log_file_ = *os::CreateMemoryFile("log");
  log::Logger logger_{"egress", *log::Filter::Parse("info"), log_file_.get()};
  metrics::Registry registry_;
  DialMetrics metrics_{registry_};
  DestinationList destinations_;
  AddressRules rules_;
  std::unique_ptr<dns::Resolver> resolver_;
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

// The worker was locked before this destination was configured: whoever replaces it connects.
TEST_F(DialServiceTest, ADialToAPortThatTheLockForbidsWaitsForAnotherWorker) {
  LoopbackSocket other(true);
  DialOptions options;
  options.ports = control::PortSet({listener_.port});
  Serve(options);
  Configure({"127.0.0.1:" + std::to_string(listener_.port), "127.0.0.1:" + std::to_string(other.port)});
  EXPECT_TRUE(Dial("127.0.0.1", listener_.port).ok());
  Result& late = Dial("127.0.0.1", other.port, 200);
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status())) << late.status();
  EXPECT_NE(late.status().message().find("its successor did not come"), std::string::npos) << late.status();
  EXPECT_TRUE(absl::IsPermissionDenied(Dial("127.0.0.1", 1).status()));

  async::Detach(Run("127.0.0.1", other.port, 60'000));
  Serve({});  // the successor: the link is replaced, and the dial is sent again
  loop_.Run();
  EXPECT_TRUE(result_.ok()) << result_.status();
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

TEST_F(DialServiceTest, ANameThatMovedIsResolvedAgain) {
  Configure({"api.example:" + std::to_string(listener_.port)});
  names_.Set("api.example", {"127.0.0.1"});
  EXPECT_TRUE(Dial("api.example", listener_.port).ok());
  // The cached address does not answer any more; the name leads elsewhere now.
  LoopbackSocket moved(true, SOCK_STREAM, "127.0.0.4", listener_.port);
  names_.Set("api.example", {"127.0.0.4"});
  listener_.fd.reset();
  ASSERT_TRUE(Dial("api.example", moved.port).ok()) << result_.status();
  EXPECT_TRUE(moved.Accept().valid());
  EXPECT_EQ(names_.queries("api.example"), 2);
  EXPECT_EQ(Outcomes()["connect_failed"], 0);
  EXPECT_EQ(Outcomes()["look-up cache"], 1);
  EXPECT_EQ(Outcomes()["look-up server"], 2);
}

TEST_F(DialServiceTest, ANameThatDidNotMoveFailsAsItWould) {
  LoopbackSocket closed(false);
  Configure({"api.example:" + std::to_string(closed.port)});
  names_.Set("api.example", {"127.0.0.1"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Dial("api.example", closed.port).status(), absl::UnavailableError("connection refused"));
  }
  EXPECT_EQ(names_.queries("api.example"), 2);
  EXPECT_EQ(Outcomes()["connect_failed"], 2);
}

TEST_F(DialServiceTest, SilentAddressesAreResolvedAgainForTheNextDial) {
  net::SilentListener silent;
  Configure({"api.example:" + std::to_string(silent.port)});
  names_.Set("api.example", {"127.0.0.1"});
  EXPECT_TRUE(absl::IsDeadlineExceeded(Dial("api.example", silent.port, 50).status()));
  LoopbackSocket moved(true, SOCK_STREAM, "127.0.0.4", silent.port);
  names_.Set("api.example", {"127.0.0.4"});
  // The cached address is still tried once; whether egress or its client gives up first does not matter.
  EXPECT_TRUE(absl::IsDeadlineExceeded(Dial("api.example", silent.port, 50).status()));
  while (!Dial("api.example", silent.port, 200).ok()) ASSERT_LT(names_.queries("api.example"), 20);
  EXPECT_GE(names_.queries("api.example"), 2);
}

TEST_F(DialServiceTest, AnAddressThatIsDeniedIsPassedOver) {
  Configure({"api.example:" + std::to_string(listener_.port)});
  names_.Set("api.example", {"127.0.0.2", "169.254.169.254", "127.0.0.1"});
  EXPECT_TRUE(Dial("api.example", listener_.port).ok()) << result_.status();
  names_.Set("meta.example", {"169.254.169.254", "::ffff:169.254.169.254"});
  Configure({"meta.example:80"});
  EXPECT_EQ(Dial("meta.example", 80).status().message(), "the address is in a denied network");
}

TEST_F(DialServiceTest, ATimeoutSaysWhatTookSoLong) {
  net::SilentListener silent;
  const std::string port = std::to_string(silent.port);
  Configure({"127.0.0.1:" + port, "api.example:" + port});
  EXPECT_EQ(Dial("127.0.0.1", silent.port, 0).status(), absl::DeadlineExceededError("connection timed out"));
  names_.SetSilent(true);
  EXPECT_EQ(Dial("api.example", silent.port, 0).status(),
            absl::DeadlineExceededError("name resolution timed out"));
  EXPECT_EQ(Outcomes()["timed_out"], 2);
}

TEST_F(DialServiceTest, AFailureTellsOfAddressesThatWerePassedOver) {
  LoopbackSocket closed(false);
  Configure({"api.example:" + std::to_string(closed.port)});
  names_.Set("api.example", {"127.0.0.2", "127.0.0.1"});
  EXPECT_EQ(Dial("api.example", closed.port).status().message(),
            "connection refused; another address was not tried: the address is in a denied network");
}

TEST_F(DialServiceTest, ANameThatIsNotThere) {
  Configure({"missing.example:443"});
  EXPECT_TRUE(absl::IsNotFound(Dial("missing.example", 443).status()));
  EXPECT_EQ(result_.status().message(), "the host name does not resolve");
  EXPECT_EQ(Outcomes()["missing.example:443 not_resolved"], 1);
}

TEST_F(DialServiceTest, Ipv6) {
  if (!net::HasIpv6()) GTEST_SKIP() << "no IPv6 loopback address";
  LoopbackSocket listener(true, SOCK_STREAM, "::1");
  const std::string port = std::to_string(listener.port);
  Configure({"[::1]:" + port, "api.example:" + port});
  EXPECT_TRUE(Dial("::1", listener.port).ok()) << result_.status();
  // The first family does not answer.
  names_.Set("api.example", {"127.0.0.1", "::1"});
  EXPECT_TRUE(Dial("api.example", listener.port).ok()) << result_.status();
}

TEST_F(DialServiceTest, ASlowFirstAddressDoesNotHoldUpTheSecond) {
  net::SilentListener silent;
  LoopbackSocket fast(true, SOCK_STREAM, "127.0.0.4", silent.port);
  Configure({"api.example:" + std::to_string(silent.port)});
  names_.Set("api.example", {"127.0.0.1", "127.0.0.4"});
  EXPECT_TRUE(Dial("api.example", silent.port, 60'000).ok()) << result_.status();
}

TEST_F(DialServiceTest, WhatRedisNamesIsAClassOfItsOwn) {
  Configure({"redis.example:6379"});
  LoopbackSocket peer(true, SOCK_STREAM, "127.1.0.1");
  EXPECT_TRUE(Dial("127.1.0.1", peer.port).ok()) << result_.status();
  EXPECT_EQ(Outcomes()["redis_peer connected"], 1);
  // Only as an address, and never into a denied network.
  names_.Set("peer.example", {"127.1.0.1"});
  EXPECT_EQ(Dial("peer.example", peer.port).status().message(), "not one of the configured destinations");
  EXPECT_EQ(Dial("169.254.169.254", 80).status().message(), "the address is in a denied network");
  EXPECT_EQ(Dial("127.2.0.1", peer.port).status().message(), "not one of the configured destinations");
}

TEST_F(DialServiceTest, LabelsAreThoseOfConfiguredDestinations) {
  const std::string listed = "127.0.0.1:" + std::to_string(listener_.port);
  Configure({listed});
  (void)Dial("127.0.0.1", listener_.port);
  (void)Dial("attacker.example", 1);
  (void)Dial("NOT CANONICAL", 1);
  std::map<std::string, double> outcomes = Outcomes();
  EXPECT_EQ(outcomes[listed + " connected"], 1);
  EXPECT_EQ(outcomes["unlisted not_configured"], 1);
  EXPECT_EQ(outcomes["unlisted bad_request"], 1);
  EXPECT_EQ(outcomes["in_flight"], 0);
}

TEST(DialMetrics, LabelsAreBounded) {
  metrics::Registry registry;
  DialMetrics metrics(registry);
  for (size_t i = 0; i < DialMetrics::kMaxLabels; ++i) {
    const std::string destination = "host" + std::to_string(i) + ":443";
    EXPECT_EQ(metrics.LabelOf(destination), destination);
  }
  EXPECT_EQ(metrics.LabelOf("late:443"), DialMetrics::kOther);
  EXPECT_EQ(metrics.LabelOf("host0:443"), "host0:443");
}

}  // namespace
}  // namespace aisix::egress
