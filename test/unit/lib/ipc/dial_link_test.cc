#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <map>

#include "lib/ipc/dial_client.h"
#include "lib/ipc/dial_server.h"
#include "lib/os/socket_pair.h"

namespace aisix::ipc {
namespace {

using Result = absl::StatusOr<os::UniqueFd>;

// Keeps every dial until the test answers it.
class Holding : public DialHandler {
 public:
  void OnDial(const DialTicket& ticket, const DialRequest& request) override {
    open.push_back({ticket, request});
    if (on_dial) on_dial();
  }
  void OnCancel(const DialTicket& ticket) override {
    ++cancelled[ticket.id];
    if (on_cancel) on_cancel();
  }
  struct Dial {
    DialTicket ticket;
    DialRequest request;
  };
  std::vector<Dial> open;
  std::map<uint64_t, int> cancelled;
  std::function<void()> on_dial;
  std::function<void()> on_cancel;
};

class DialLink : public ::testing::Test {
 protected:
  void Connect() {
    auto pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    server_.AddLink(std::move(pair->first));
    client_.Replace(std::move(pair->second));
  }
  // Starts a dial; its result is kept in results_[name].
  async::Task<void> Run(std::string name, std::string host, uint64_t timeout_ms) {
    async::Task<Result> dial = client_.Dial(std::move(host), 443, timeout_ms);
    Result result = co_await std::move(dial);
    results_.emplace(name, std::move(result));
    if (on_result_) on_result_();
  }
  void Answer(size_t index, DialOutcome outcome, std::string reason) {
    DialReply reply;
    reply.outcome = outcome;
    reply.reason = std::move(reason);
    if (outcome == DialOutcome::kConnected) reply.fd = os::UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
    server_.Reply(handler_.open[index].ticket, std::move(reply));
  }

  async::Loop loop_;
  Holding handler_;
  DialServer server_{loop_, handler_, 3};
  DialClient client_{loop_, os::UniqueFd()};
  std::map<std::string, Result> results_;
  std::function<void()> on_result_ = [this] { loop_.Stop(); };
};

TEST_F(DialLink, Connected) {
  Connect();
  handler_.on_dial = [&] { Answer(0, DialOutcome::kConnected, ""); };
  async::Detach(Run("a", "example.com", 5000));
  loop_.Run();
  EXPECT_EQ(handler_.open[0].request.destination, "example.com:443");
  EXPECT_LE(handler_.open[0].request.timeout_ms, 5000u);
  EXPECT_GT(handler_.open[0].request.timeout_ms, 0u);
  ASSERT_TRUE(results_.at("a").ok());
  EXPECT_TRUE(results_.at("a")->valid());
  EXPECT_EQ(client_.outstanding(), 0u);
  EXPECT_EQ(server_.outstanding(), 0u);
}

TEST_F(DialLink, Refused) {
  Connect();
  handler_.on_dial = [&] { Answer(0, DialOutcome::kNotConfigured, "not listed"); };
  async::Detach(Run("a", "::1", 5000));
  loop_.Run();
  EXPECT_EQ(handler_.open[0].request.destination, "[::1]:443");
  EXPECT_EQ(results_.at("a").status(), absl::PermissionDeniedError("not listed"));
}

TEST_F(DialLink, AnswersFindTheirDialInAnyOrder) {
  Connect();
  handler_.on_dial = [&] {
    if (handler_.open.size() < 2) return;
    Answer(1, DialOutcome::kConnectFailed, "second");
    Answer(0, DialOutcome::kConnectFailed, "first");
  };
  on_result_ = [&] {
    if (results_.size() == 2) loop_.Stop();
  };
  async::Detach(Run("a", "a", 5000));
  async::Detach(Run("b", "b", 5000));
  loop_.Run();
  EXPECT_EQ(results_.at("a").status().message(), "first");
  EXPECT_EQ(results_.at("b").status().message(), "second");
}

TEST_F(DialLink, TimeoutCancelsTheDial) {
  Connect();
  int events = 0;
  auto stop_at_two = [&] {
    if (++events == 2) loop_.Stop();
  };
  on_result_ = stop_at_two;
  handler_.on_cancel = stop_at_two;
  async::Detach(Run("a", "slow", 10));
  loop_.Run();
  EXPECT_TRUE(absl::IsDeadlineExceeded(results_.at("a").status()));
  EXPECT_EQ(handler_.cancelled.size(), 1u);
  EXPECT_EQ(server_.outstanding(), 0u);
}

TEST_F(DialLink, WithoutEgressTheTimeoutSaysSo) {
  async::Detach(Run("a", "x", 10));
  loop_.Run();
  EXPECT_TRUE(absl::IsInternal(results_.at("a").status())) << results_.at("a").status();
}

// The egress worker dies while dialling: the dial goes to its successor.
TEST_F(DialLink, ReplacementWhileDialling) {
  Connect();
  handler_.on_dial = [&] {
    if (handler_.open.size() == 1) {
      loop_.Post([&] { Connect(); });
    } else {
      Answer(1, DialOutcome::kConnected, "");
    }
  };
  int events = 0;
  auto stop_at_two = [&] {
    if (++events == 2) loop_.Stop();
  };
  on_result_ = stop_at_two;
  handler_.on_cancel = stop_at_two;  // of the link that was replaced
  async::Detach(Run("a", "x", 5000));
  loop_.Run();
  EXPECT_TRUE(results_.at("a").ok()) << results_.at("a").status();
  ASSERT_EQ(handler_.open.size(), 2u);
  EXPECT_NE(handler_.open[0].ticket.link, handler_.open[1].ticket.link);
  EXPECT_EQ(handler_.cancelled.size(), 1u);
  EXPECT_EQ(server_.links(), 1u);
  // The answer of the old link's dial goes nowhere.
  Answer(0, DialOutcome::kConnected, "");
}

// While a zone is replaced, its old worker and its new one ask at the same time.
TEST_F(DialLink, ANewLinkLeavesTheOthersAlone) {
  Connect();
  auto pair = os::CreatePacketPair();
  ASSERT_TRUE(pair.ok());
  auto successor = std::make_unique<DialClient>(loop_, std::move(pair->second));
  handler_.on_dial = [&] {
    if (handler_.open.size() == 1) server_.AddLink(std::move(pair->first));
    if (handler_.open.size() == 2) Answer(0, DialOutcome::kConnected, "");
  };
  auto dial = [&]() -> async::Task<void> {
    async::Task<Result> task = successor->Dial("b", 443, 0);
    Result result = co_await std::move(task);
    results_.emplace("b", std::move(result));
    loop_.Stop();
  };
  async::Detach(Run("a", "a", 5000));
  async::Detach(dial());
  loop_.Run();
  EXPECT_TRUE(results_.at("a").ok()) << "the older link is served although a newer one came";
  EXPECT_EQ(server_.links(), 2u);
  Answer(1, DialOutcome::kConnectFailed, "x");
  loop_.Run();
  EXPECT_TRUE(absl::IsUnavailable(results_.at("b").status()));
  // A worker that ends takes its own link with it and nothing else.
  async::Detach(Run("c", "c", 0));
  handler_.on_dial = [&] {
    successor.reset();
    loop_.Post([&] { loop_.Post([&] { Answer(2, DialOutcome::kConnected, ""); }); });
  };
  loop_.Run();
  EXPECT_TRUE(results_.at("c").ok());
  EXPECT_TRUE(handler_.cancelled.empty());
}

TEST_F(DialLink, ADialMayStartBeforeTheLink) {
  handler_.on_dial = [&] { Answer(0, DialOutcome::kConnected, ""); };
  async::Detach(Run("a", "x", 5000));
  loop_.Post([&] { Connect(); });
  loop_.Run();
  EXPECT_TRUE(results_.at("a").ok());
}

TEST_F(DialLink, TooManyDialsAreRefused) {
  Connect();
  on_result_ = [&] { loop_.Stop(); };
  for (int i = 0; i < 4; ++i) async::Detach(Run(std::to_string(i), "x", 0));
  loop_.Run();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(results_.at("3").status()));
  EXPECT_EQ(handler_.open.size(), 3u);
  on_result_ = [&] {
    if (results_.size() == 4) loop_.Stop();
  };
  for (size_t i = 0; i < 3; ++i) Answer(i, DialOutcome::kConnectFailed, "x");
  loop_.Run();
}

TEST_F(DialLink, MoreRequestsThanALinkHoldsAreQueued) {
  constexpr size_t kDials = 3000;
  auto pair = os::CreatePacketPair();
  ASSERT_TRUE(pair.ok());
  DialServer large(loop_, handler_, kDials);
  large.AddLink(std::move(pair->first));
  client_.Replace(std::move(pair->second));
  handler_.on_dial = [&] {
    DialReply reply;
    reply.outcome = DialOutcome::kConnectFailed;
    reply.reason = "x";
    large.Reply(handler_.open.back().ticket, std::move(reply));
  };
  on_result_ = [&] {
    if (results_.size() == kDials) loop_.Stop();
  };
  for (size_t i = 0; i < kDials; ++i) async::Detach(Run(std::to_string(i), "x", 0));
  loop_.Run();
  EXPECT_EQ(results_.size(), kDials);
  EXPECT_EQ(large.outstanding(), 0u);
}

}  // namespace
}  // namespace aisix::ipc
