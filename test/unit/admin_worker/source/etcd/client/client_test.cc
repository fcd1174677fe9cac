#include "admin_worker/source/etcd/client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "admin_worker/source/etcd/client/watch.h"
#include "test/unit/admin_worker/source/etcd/fake_etcd.h"
#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::admin::etcd {
namespace {

using ::testing::HasSubstr;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : connector_([](async::Loop& loop) { return std::make_unique<net::DirectDialer>(loop); }) {
    connector_.Start();
  }
  Client& Make(std::vector<std::string> urls, const std::string& user = "",
               const std::string& password = "") {
    ClientOptions options;
    options.endpoints = *ParseEndpoints(urls, false);
    options.prefix = "/p";
    options.user = user;
    options.password = password;
    options.password_source = "ETCD_PASSWORD";
    options.dial_timeout_ms = 3000;
    options.request_timeout_ms = 3000;
    options.liveness = {absl::Milliseconds(50), absl::Milliseconds(50), absl::Milliseconds(400)};
    client_ = std::make_unique<Client>(std::move(options), connector_);
    return *client_;
  }
  static absl::StatusOr<Page> All(Client& client, int64_t limit = 0, int64_t revision = 0) {
    return client.Range({PrefixRange("/p"), revision, limit});
  }
  // The next changes, or why there are none.
  static absl::StatusOr<ChangeBatch> NextChanges(Watch& watch) {
    while (true) {
      auto batch = watch.Next(absl::Now() + absl::Seconds(20));
      if (!batch.ok()) return batch.status();
      if (!*batch) return absl::DeadlineExceededError("no changes");
      if (!(*batch)->changes.empty()) return **batch;
    }
  }

  Connector connector_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, PrefixRanges) {
  EXPECT_EQ(PrefixRange("/aisix").end, "/aisiy");
  EXPECT_EQ(PrefixRange("a\xff").end, "b");
  EXPECT_EQ(PrefixRange("\xff").end, std::string(1, '\0'));
  EXPECT_EQ(PrefixRange("").begin, std::string(1, '\0'));
}

TEST_F(ClientTest, PagesAreReadAtOneRevision) {
  FakeEtcd etcd;
  for (int i = 0; i < 5; ++i) etcd.Put("/p/" + std::to_string(i), "v");
  Client& client = Make({etcd.url()});
  auto page = All(client, 2);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries.size(), 2u);
  EXPECT_TRUE(page->more);
  etcd.Delete("/p/2");
  PageRequest request{PrefixRange("/p"), page->revision, 10};
  request.range.begin = page->entries.back().key + '\0';
  auto rest = client.Range(request);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->entries.size(), 3u);
  EXPECT_EQ(rest->entries[0].key, "/p/2");
  EXPECT_EQ(rest->revision, page->revision);
}

TEST_F(ClientTest, Writes) {
  FakeEtcd etcd;
  Client& client = Make({etcd.url()});
  const auto put = client.Put("/p/a", "1");
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(All(client)->entries[0].mod_revision, *put);
  Transaction transaction;
  transaction.conditions = {{"/p/a", *put}, {"/p/b", 0}};
  transaction.operations = {PutOperation{"/p/b", "2"}, DeleteOperation{"/p/a"}};
  auto result = client.Transact(transaction);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->succeeded);
  EXPECT_EQ(All(client)->entries[0].key, "/p/b");
  result = client.Transact(transaction);
  EXPECT_FALSE(result->succeeded);
  EXPECT_TRUE(client.Delete("/p/b").ok());
  EXPECT_TRUE(All(client)->entries.empty());
}

TEST_F(ClientTest, ATransactionIsOneBatch) {
  FakeEtcd etcd;
  etcd.Put("/p/a", "1");
  Client& client = Make({etcd.url()});
  auto watch = client.StartWatch(PrefixRange("/p"), 3);
  ASSERT_TRUE(watch.ok());
  etcd.Put("/other", "x");
  const int64_t revision = etcd.Change({{"/p/a", std::nullopt}, {"/p/b", "2"}, {"/p/c", "3"}});
  const auto batch = NextChanges(**watch);
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->changes.size(), 3u);
  EXPECT_FALSE(batch->changes[0].value);
  EXPECT_EQ(batch->changes[2].value, "3");
  EXPECT_EQ(batch->changes[2].revision, revision);
}

TEST_F(ClientTest, TheNextEndpointIsTriedAndKept) {
  const int dead = net::LoopbackSocket(false).port;
  FakeEtcd etcd;
  Client& client = Make({"http://127.0.0.1:" + std::to_string(dead), etcd.url()});
  ASSERT_TRUE(All(client).ok());
  EXPECT_EQ(client.endpoint_name(), etcd.url());
  EXPECT_TRUE(All(client).ok());
}

TEST_F(ClientTest, ACallMovesOnWhenItsEndpointDies) {
  auto first = std::make_unique<FakeEtcd>();
  FakeEtcd second;
  second.Put("/p/b", "2");
  Client& client = Make({first->url(), second.url()});
  ASSERT_TRUE(All(client).ok());
  EXPECT_EQ(client.endpoint_name(), first->url());
  first->Stop();
  const auto page = All(client);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries.size(), 1u);
}

TEST_F(ClientTest, NobodyThere) {
  Client& client = Make({"http://127.0.0.1:" + std::to_string(net::LoopbackSocket(false).port)});
  const absl::Status status = All(client).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(Message(status), HasSubstr("connection refused"));
}

TEST_F(ClientTest, ASilentServerIsNoticed) {
  FakeEtcd etcd;
  Client& client = Make({etcd.url()});
  auto watch = client.StartWatch(PrefixRange("/p"), 2);
  ASSERT_TRUE(watch.ok());
  etcd.Freeze();
  const absl::Time begin = absl::Now();
  const auto batch = NextChanges(**watch);
  ASSERT_FALSE(batch.ok());
  EXPECT_THAT(Message(batch.status()), HasSubstr("no answer in time"));
  EXPECT_LT(absl::Now() - begin,
            absl::Seconds(15));  // without the sign of life it would be NextChanges' 20 s
  EXPECT_EQ(client.endpoint_name(), "");
}

TEST_F(ClientTest, ASilentServerIsLeftForAnother) {
  FakeEtcd frozen;
  FakeEtcd etcd;
  frozen.Freeze();
  Client& client = Make({frozen.url(), etcd.url()});
  ASSERT_TRUE(All(client).ok());
  EXPECT_EQ(client.endpoint_name(), etcd.url());
}

TEST_F(ClientTest, AnEndpointThatDropsEverythingIsPassedOver) {
  const net::SilentListener silent;
  FakeEtcd etcd;
  Client& client = Make({"http://127.0.0.1:" + std::to_string(silent.port), etcd.url()});
  ASSERT_TRUE(All(client).ok());
  EXPECT_EQ(client.endpoint_name(), etcd.url());
}

TEST_F(ClientTest, QuietIsNotSilent) {
  FakeEtcd etcd;
  Client& client = Make({etcd.url()});
  for (const bool knows_progress : {true, false}) {
    if (!knows_progress) etcd.ForgetProgress();
    auto watch = client.StartWatch(PrefixRange("/p"), 1000);
    ASSERT_TRUE(watch.ok());
    // Longer than the patience with a silent server.
    const absl::Time end = absl::Now() + absl::Seconds(1);
    while (absl::Now() < end) ASSERT_TRUE((*watch)->Next(end).ok());
  }
}

TEST_F(ClientTest, Compaction) {
  FakeEtcd etcd;
  for (int i = 0; i < 5; ++i) etcd.Put("/p/a", std::to_string(i));
  etcd.Compact(5);
  Client& client = Make({etcd.url()});
  EXPECT_TRUE(absl::IsOutOfRange(All(client, 0, 3).status()));
  auto watch = client.StartWatch(PrefixRange("/p"), 3);
  ASSERT_TRUE(watch.ok());
  EXPECT_TRUE(absl::IsOutOfRange(NextChanges(**watch).status()));
}

TEST_F(ClientTest, AnEndOfTheWatchIsNoFault) {
  FakeEtcd etcd;
  Client& client = Make({etcd.url()});
  auto watch = client.StartWatch(PrefixRange("/p"), 2);
  ASSERT_TRUE((*watch)->Next(absl::Now() + absl::Seconds(20)).ok());
  std::thread end([&] { etcd.EndWatches(); });
  absl::Status status = NextChanges(**watch).status();
  end.join();
  EXPECT_TRUE(absl::IsAborted(status) || absl::IsUnavailable(status)) << status;
}

TEST_F(ClientTest, UserAndPassword) {
  FakeEtcd etcd;
  etcd.Put("/p/a", "1");
  etcd.RequireUser("gateway", "right");
  EXPECT_THAT(Message(All(Make({etcd.url()})).status()), HasSubstr("set etcd.user and etcd.password_env"));
  EXPECT_THAT(Message(All(Make({etcd.url()}, "gateway", "wrong")).status()),
              HasSubstr("the environment variable ETCD_PASSWORD (etcd.password_env)"));
  EXPECT_EQ(All(Make({etcd.url()}, "gateway", "right"))->entries.size(), 1u);
}

TEST_F(ClientTest, AUserWhereNoneIsNeeded) {
  FakeEtcd etcd;
  EXPECT_TRUE(All(Make({etcd.url()}, "gateway", "x")).ok());
}

TEST_F(ClientTest, TokensAreRenewed) {
  FakeEtcd etcd;
  etcd.RequireUser("gateway", "right");
  Client& client = Make({etcd.url()}, "gateway", "right");
  ASSERT_TRUE(All(client).ok());
  EXPECT_EQ(etcd.logins(), 1);
  etcd.ExpireTokens();
  EXPECT_TRUE(All(client).ok());
  EXPECT_EQ(etcd.logins(), 2);
  etcd.MakeTokensOld(1);
  EXPECT_TRUE(client.Put("/p/a", "1").ok());  // was refused, so it may be sent again
  EXPECT_EQ(etcd.logins(), 3);
  etcd.MakeTokensOld(10);
  EXPECT_FALSE(All(client).ok());
}

TEST_F(ClientTest, AWatchWithAnOldTokenAuthenticatesAnew) {
  FakeEtcd etcd;
  etcd.RequireUser("gateway", "right");
  Client& client = Make({etcd.url()}, "gateway", "right");
  ASSERT_TRUE(All(client).ok());
  etcd.ExpireTokens();
  auto watch = client.StartWatch(PrefixRange("/p"), 2);
  ASSERT_TRUE(watch.ok());
  EXPECT_FALSE(NextChanges(**watch).ok());
  watch = client.StartWatch(PrefixRange("/p"), 2);
  ASSERT_TRUE(watch.ok());
  etcd.Put("/p/a", "1");
  EXPECT_TRUE(NextChanges(**watch).ok());
}

TEST_F(ClientTest, PermissionDeniedNamesTheGrant) {
  FakeEtcd etcd;
  etcd.RequireUser("gateway", "right");
  etcd.DenyReads(true);
  EXPECT_THAT(Message(All(Make({etcd.url()}, "gateway", "right")).status()),
              HasSubstr("etcdctl role grant-permission <role> --prefix=true read /p"));
}

TEST_F(ClientTest, SomethingElseIsNoEtcd) {
  // A server of another gRPC service.
  grpc::ServerBuilder builder;
  int port = 0;
  etcdserverpb::Auth::Service other;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&other);
  const auto server = builder.BuildAndStart();
  EXPECT_THAT(Message(All(Make({"http://127.0.0.1:" + std::to_string(port)})).status()),
              HasSubstr("what answers there is no etcd"));
}

TEST_F(ClientTest, CloseEndsWhatWaits) {
  FakeEtcd etcd;
  Client& client = Make({etcd.url()});
  auto watch = client.StartWatch(PrefixRange("/p"), 2);
  ASSERT_TRUE((*watch)->Next(absl::Now() + absl::Seconds(20)).ok());
  std::thread closer([&] { client.Close(); });
  EXPECT_FALSE(NextChanges(**watch).ok());
  closer.join();
  EXPECT_TRUE(absl::IsCancelled(All(client).status()));
}

}  // namespace
}  // namespace aisix::admin::etcd
