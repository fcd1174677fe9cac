#include "lib/dns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "test/unit/lib/dns/name_server.h"

namespace aisix::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Ips(const Result& result) {
  std::vector<std::string> texts;
  if (!result.ok()) return {std::string(result.status().message())};
  for (const net::Address& address : result->addresses) texts.push_back(address.Ip());
  return texts;
}

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(const std::string& options = "", const std::string& hosts = "") {
    resolver_ =
        std::make_unique<Resolver>(loop_, ParseSettings(server_.line() + options, hosts, {}), options_);
  }
  Result Resolve(const std::string& host, bool again = false) {
    std::optional<Result> result;
    auto take = [&](const Result& answer) {
      result = answer;
      loop_.Stop();
    };
    if (again) {
      resolver_->ResolveAgain(host, take);
    } else {
      resolver_->Resolve(host, take);
    }
    loop_.Run();
    return *result;
  }
  // Lets the loop go on until `done`.
  void RunUntil(std::function<bool()> done) {
    std::function<void()> look = [&] {
      if (done()) {
        loop_.Stop();
      } else {
        loop_.Post(look);
      }
    };
    loop_.Post(look);
    loop_.Run();
  }

  static ResolverOptions AskAgainAtOnce() {
    ResolverOptions options;
    options.again_after_ms = 0;
    return options;
  }
  // Everything that says so expires at once, and name servers are given little time.
  static ResolverOptions Fast() {
    ResolverOptions options = AskAgainAtOnce();
    options.cache.min_ttl_ms = 0;
    options.stale_after_ms = 5;
    return options;
  }
  ResolverOptions options_ = AskAgainAtOnce();
  TestNameServer server_;
  async::Loop loop_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, AddressesAndLocalhostNeedNoServer) {
  EXPECT_THAT(Ips(Resolve("192.0.2.1")), ElementsAre("192.0.2.1"));
  EXPECT_THAT(Ips(Resolve("2001:db8::1")), ElementsAre("2001:db8::1"));
  EXPECT_THAT(Ips(Resolve("localhost")), ElementsAre("::1", "127.0.0.1"));
  EXPECT_THAT(Ips(Resolve("a.localhost")), ElementsAre("::1", "127.0.0.1"));
  EXPECT_EQ(Resolve("192.0.2.1")->source, Source::kAddress);
  EXPECT_TRUE(server_.ids().empty());
}

TEST_F(ResolverTest, TheHostsFileComesFirst) {
  server_.Set("api.example", {"192.0.2.7"});
  Open("", "192.0.2.8 api.example\n2001:db8::8 api.example\n");
  const Result result = Resolve("api.example");
  EXPECT_THAT(Ips(result), ElementsAre("192.0.2.8", "2001:db8::8"));
  EXPECT_EQ(result->source, Source::kFile);
  EXPECT_EQ(server_.queries("api.example"), 0);
}

TEST_F(ResolverTest, ANameIsAskedOfTheServer) {
  server_.Set("api.example", {"192.0.2.7", "192.0.2.8", "2001:db8::7"});
  const Result result = Resolve("api.example");
  EXPECT_THAT(Ips(result), UnorderedElementsAre("192.0.2.7", "192.0.2.8", "2001:db8::7"));
  EXPECT_EQ(result->source, Source::kServer);
}

TEST_F(ResolverTest, AnAliasIsFollowed) {
  server_.SetAlias("api.example", "cdn.example", {"192.0.2.7"}, 300, 300);
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
}

TEST_F(ResolverTest, AnUnknownNameIsNotFoundAndRemembered) {
  EXPECT_TRUE(absl::IsNotFound(Resolve("missing.example").status()));
  EXPECT_TRUE(absl::IsNotFound(Resolve("missing.example").status()));
  EXPECT_EQ(server_.queries("missing.example"), 1);
  server_.Set("missing.example", {"192.0.2.7"});
  EXPECT_TRUE(Resolve("missing.example", true).ok());
}

TEST_F(ResolverTest, SearchDomainsAreTried) {
  server_.Set("llm.corp.example", {"192.0.2.7"});
  server_.Set("a.b.example", {"192.0.2.8"});
  Open("search other.example corp.example\noptions ndots:1\n");
  EXPECT_THAT(Ips(Resolve("llm")), ElementsAre("192.0.2.7"));
  EXPECT_EQ(server_.queries("llm.other.example"), 1);
  EXPECT_EQ(server_.queries("llm"), 0);
  // A name with as many dots as `ndots` says is asked as it is.
  EXPECT_THAT(Ips(Resolve("a.b.example")), ElementsAre("192.0.2.8"));
  EXPECT_EQ(server_.queries("a.b.example.corp.example"), 0);
  Open("search corp.example\noptions ndots:5\n");
  EXPECT_THAT(Ips(Resolve("a.b.example")), ElementsAre("192.0.2.8"));
  EXPECT_EQ(server_.queries("a.b.example.corp.example"), 1);
}

TEST_F(ResolverTest, NoAaaaAsksForIpv4Only) {
  server_.Set("api.example", {"192.0.2.7", "2001:db8::7"});
  Open("options no-aaaa\n");
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
  EXPECT_EQ(server_.ipv6_queries("api.example"), 0);
}

TEST_F(ResolverTest, TheNextServerIsAskedWhenOneCannotBeReached) {
  net::LoopbackSocket closed(false, SOCK_DGRAM);
  const std::string dead = "nameserver " + closed.bound.ToString() + "\n";
  closed.fd.reset();
  server_.Set("api.example", {"192.0.2.7"});
  resolver_ = std::make_unique<Resolver>(loop_, ParseSettings(dead + server_.line(), "", {}));
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
}

TEST_F(ResolverTest, AServerOverIpv6) {
  if (!net::HasIpv6()) GTEST_SKIP() << "no IPv6 loopback address";
  TestNameServer server("::1");
  server.Set("api.example", {"192.0.2.7"});
  resolver_ = std::make_unique<Resolver>(loop_, ParseSettings(server.line(), "", {}));
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
}

// As after an answer that was too long for a packet. One connection, each message behind its length.
TEST_F(ResolverTest, AServerOverTcp) {
  server_.Set("api.example", {"192.0.2.7"});
  net::LoopbackSocket listener(true);
  std::thread server([&] {
    const os::UniqueFd peer = listener.Accept();
    std::string input;
    char buffer[512];
    for (ssize_t size = 0; (size = recv(peer.get(), buffer, sizeof buffer, 0)) > 0;) {
      input.append(buffer, static_cast<size_t>(size));
      while (input.size() >= 2) {
        const size_t length = static_cast<uint8_t>(input[0]) * 256u + static_cast<uint8_t>(input[1]);
        if (input.size() < 2 + length) break;
        const std::vector<uint8_t> query(input.begin() + 2,
                                         input.begin() + 2 + static_cast<ptrdiff_t>(length));
        input.erase(0, 2 + length);
        std::vector<uint8_t> reply = server_.Reply(query);
        reply.insert(reply.begin(),
                     {static_cast<uint8_t>(reply.size() >> 8), static_cast<uint8_t>(reply.size())});
        EXPECT_EQ(send(peer.get(), reply.data(), reply.size(), 0), static_cast<ssize_t>(reply.size()));
      }
    }
  });
  const std::string line = "nameserver " + listener.bound.ToString() + "\noptions use-vc\n";
  resolver_ = std::make_unique<Resolver>(loop_, ParseSettings(line, "", {}));
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
  EXPECT_EQ(server_.ipv6_queries("api.example"), 1);
  resolver_.reset();
  server.join();
}

TEST_F(ResolverTest, NobodyAnswersWhenNoServerCanBeReached) {
  net::LoopbackSocket closed(false, SOCK_DGRAM);
  const std::string dead = "nameserver " + closed.bound.ToString() + "\n";
  closed.fd.reset();
  resolver_ = std::make_unique<Resolver>(loop_, ParseSettings(dead, "", {}));
  EXPECT_TRUE(absl::IsUnavailable(Resolve("api.example").status()));
  EXPECT_EQ(resolver_->cached_names(), 0u);
}

TEST_F(ResolverTest, AnswersAreCached) {
  server_.Set("api.example", {"192.0.2.7"});
  EXPECT_EQ(Resolve("api.example")->source, Source::kServer);
  EXPECT_EQ(Resolve("api.example")->source, Source::kCache);
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
  EXPECT_EQ(server_.queries("api.example"), 1);
  EXPECT_EQ(resolver_->cached_names(), 1u);
}

TEST_F(ResolverTest, TheTimeToLiveIsTheShortestOfTheChain) {
  options_ = Fast();
  server_.SetAlias("a.example", "b.example", {"192.0.2.7"}, 0, 300);
  server_.SetAlias("c.example", "d.example", {"192.0.2.7"}, 300, 0);
  server_.SetAlias("e.example", "f.example", {"192.0.2.7"}, 300, 300);
  Open();
  for (const char* name : {"a.example", "c.example"}) {
    (void)Resolve(name);
    EXPECT_EQ(Resolve(name)->source, Source::kServer) << name;
  }
  (void)Resolve("e.example");
  EXPECT_EQ(Resolve("e.example")->source, Source::kCache);
}

TEST_F(ResolverTest, ACachedAnswerThatIsOfNoUseIsAskedAgain) {
  server_.Set("api.example", {"192.0.2.7"});
  (void)Resolve("api.example");
  server_.Set("api.example", {"192.0.2.8"});
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
  EXPECT_THAT(Ips(Resolve("api.example", true)), ElementsAre("192.0.2.8"));
  // Also for those who come later.
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.8"));
  EXPECT_EQ(server_.queries("api.example"), 2);
}

TEST_F(ResolverTest, AnExpiredAnswerIsGivenWhileNoServerAnswers) {
  options_ = Fast();
  server_.Set("api.example", {"192.0.2.7"}, 0);
  Open();
  EXPECT_EQ(Resolve("api.example")->source, Source::kServer);
  server_.SetSilent(true);
  const Result stale = Resolve("api.example");
  ASSERT_TRUE(stale.ok()) << stale.status();
  EXPECT_EQ(stale->source, Source::kStale);
  EXPECT_THAT(Ips(stale), ElementsAre("192.0.2.7"));
  const int asked = server_.queries("api.example");
  EXPECT_EQ(Resolve("api.example")->source, Source::kStale);  // now at once
  EXPECT_EQ(server_.queries("api.example"), asked);
}

TEST_F(ResolverTest, ManyWhoAskAgainAskOnce) {
  server_.Set("api.example", {"192.0.2.7"});
  ResolverOptions options;
  options.again_after_ms = 3'600'000;
  resolver_ = std::make_unique<Resolver>(loop_, ParseSettings(server_.line(), "", {}), options);
  (void)Resolve("api.example");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Resolve("api.example", true)->source, Source::kCache);
  EXPECT_EQ(server_.queries("api.example"), 1);
}

TEST_F(ResolverTest, NewSettingsEmptyTheCache) {
  server_.Set("api.example", {"192.0.2.7"});
  (void)Resolve("api.example");
  net::LoopbackSocket closed(false, SOCK_DGRAM);
  const std::string dead = "nameserver " + closed.bound.ToString() + "\n";
  closed.fd.reset();
  resolver_->SetSettings(ParseSettings(dead, "", {}));
  EXPECT_TRUE(absl::IsUnavailable(Resolve("api.example").status()));
}

TEST_F(ResolverTest, LookUpsOfOneNameShareAQuery) {
  server_.Set("api.example", {"192.0.2.7"});
  int answers = 0;
  for (int i = 0; i < 10; ++i) {
    resolver_->Resolve("api.example", [&](const Result& result) {
      EXPECT_TRUE(result.ok());
      if (++answers == 10) loop_.Stop();
    });
  }
  loop_.Run();
  EXPECT_EQ(server_.queries("api.example"), 1);
}

TEST_F(ResolverTest, ACallbackMayAskAgain) {
  server_.Set("a.example", {"192.0.2.7"});
  server_.Set("b.example", {"192.0.2.8"});
  std::optional<Result> second;
  resolver_->Resolve("a.example", [&](const Result&) {
    resolver_->ResolveAgain("a.example", [&](const Result&) {
      resolver_->Resolve("b.example", [&](const Result& result) {
        second = result;
        loop_.Stop();
      });
    });
  });
  loop_.Run();
  EXPECT_THAT(Ips(*second), ElementsAre("192.0.2.8"));
}

TEST_F(ResolverTest, NewSettingsApplyAtOnce) {
  TestNameServer other;
  server_.Set("api.example", {"192.0.2.7"});
  other.Set("api.example", {"192.0.2.8"});
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.7"));
  resolver_->SetSettings(ParseSettings(other.line(), "", {}));
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.8"));
  resolver_->SetSettings(ParseSettings(other.line(), "192.0.2.9 api.example", {}));
  EXPECT_THAT(Ips(Resolve("api.example")), ElementsAre("192.0.2.9"));
}

TEST_F(ResolverTest, QueriesUnderWayAreAskedOfTheNewServers) {
  TestNameServer other;
  server_.SetSilent(true);
  other.Set("api.example", {"192.0.2.8"});
  std::optional<Result> result;
  resolver_->Resolve("api.example", [&](const Result& answer) {
    result = answer;
    loop_.Stop();
  });
  RunUntil([&] { return server_.queries("api.example") > 0; });
  resolver_->SetSettings(ParseSettings(other.line(), "", {}));
  loop_.Run();
  EXPECT_THAT(Ips(*result), ElementsAre("192.0.2.8"));
}

TEST_F(ResolverTest, SettingsMayChangeInsideACallback) {
  server_.Set("a.example", {"192.0.2.7"});
  server_.Set("b.example", {"192.0.2.8"});
  int answers = 0;
  auto take = [&](const Result& result) {
    EXPECT_TRUE(result.ok());
    resolver_->SetSettings(ParseSettings(server_.line(), "", {}));
    if (++answers == 2) loop_.Stop();
  };
  resolver_->Resolve("a.example", take);
  resolver_->Resolve("b.example", take);
  loop_.Run();
  EXPECT_EQ(answers, 2);
}

TEST_F(ResolverTest, DestroyedWhileAsking) {
  server_.SetSilent(true);
  resolver_->Resolve("api.example", [](const Result&) { ADD_FAILURE(); });
  resolver_.reset();
}

TEST_F(ResolverTest, Blocking) {
  server_.Set("api.example", {"192.0.2.7"});
  const Settings settings = ParseSettings(server_.line(), "192.0.2.8 file.example\n", {});
  const std::chrono::seconds limit(60);
  EXPECT_THAT(Ips(ResolveBlocking(settings, "api.example", limit)), ElementsAre("192.0.2.7"));
  EXPECT_THAT(Ips(ResolveBlocking(settings, "file.example", limit)), ElementsAre("192.0.2.8"));
  EXPECT_THAT(Ips(ResolveBlocking(settings, "192.0.2.1", limit)), ElementsAre("192.0.2.1"));
  EXPECT_TRUE(absl::IsNotFound(ResolveBlocking(settings, "missing.example", limit).status()));
}

TEST_F(ResolverTest, BlockingEndsWithItsLimitOrWhenWoken) {
  server_.SetSilent(true);
  const Settings settings = ParseSettings(server_.line(), "", {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ResolveBlocking(settings, "api.example", std::chrono::milliseconds(20)).status()));
  int wake[2];
  ASSERT_EQ(pipe(wake), 0);
  os::UniqueFd reader(wake[0]);
  os::UniqueFd writer(wake[1]);
  std::thread waker([&] {
    while (server_.queries("other.example") == 0) std::this_thread::yield();
    EXPECT_EQ(write(writer.get(), "x", 1), 1);
  });
  EXPECT_TRUE(absl::IsCancelled(
      ResolveBlocking(settings, "other.example", std::chrono::seconds(60), reader.get()).status()));
  waker.join();
}

}  // namespace
}  // namespace aisix::dns
