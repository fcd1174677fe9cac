#include "admin_worker/source/etcd/etcd_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "lib/os/memory_file.h"
#include "test/unit/admin_worker/source/etcd/fake_etcd.h"

namespace aisix::admin::etcd {
namespace {

using model::Kind;

std::string Policy(const std::string& name) {
  return R"({"name":")" + name + R"("})";
}
constexpr char kKey[] = "/aisix/cache_policies/c";

// One admin worker; what it publishes is applied at once.
class Worker {
 public:
  Worker(std::vector<std::string> urls, int state, const std::string& user = "",
         const std::string& password = "")
      : connector_([](async::Loop& loop) { return std::make_unique<net::DirectDialer>(loop); }) {
    EtcdSettings settings;
    settings.etcd.endpoints = std::move(urls);
    settings.etcd.user = user;
    settings.etcd.password_env = user.empty() ? "" : "ETCD_PASSWORD";
    settings.etcd.dial_timeout_ms = settings.etcd.request_timeout_ms = 2000;
    settings.password = password;
    auto made = EtcdSource::Make(std::move(settings), connector_, schemas_, os::UniqueFd(::dup(state)),
                                 std::nullopt, logger_);
    EXPECT_TRUE(made.ok()) << made.status();
    source_ = *std::move(made);
  }
  ~Worker() { source_->Stop(); }

  void Start(bool apply = true) {
    source_->Start(
        [this, apply](ConfigurationPtr configuration) {
          if (apply && configuration->loaded) source_->OnApplied(configuration, {});
          const std::lock_guard lock(mutex_);
          published_.push_back(std::move(configuration));
          changed_.notify_all();
        },
        [](const absl::Status& status) { EXPECT_TRUE(status.ok()); });
  }
  // The first configuration, from `from` on, for which it holds; its position.
  template <typename Predicate>
  size_t WaitFor(const Predicate& predicate, size_t from = 0) {
    std::unique_lock lock(mutex_);
    size_t found = 0;
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      for (found = from; found < published_.size(); ++found) {
        if (published_[found]->loaded && predicate(*published_[found])) return true;
      }
      return false;
    });
    EXPECT_TRUE(came);
    return found;
  }
  size_t WaitForServed(const std::string& text, size_t from = 0) {
    return WaitFor(
        [&](const Configuration& configuration) {
          const DocumentValue* value = configuration.documents.Find(Kind::kCachePolicy, "c");
          return value != nullptr && value->json() == text;
        },
        from);
  }
  ConfigurationPtr published(size_t index) {
    const std::lock_guard lock(mutex_);
    return published_[index];
  }
  size_t publications() {
    const std::lock_guard lock(mutex_);
    return published_.size();
  }
  nlohmann::json Status() { return nlohmann::json::parse(source_->StatusJson(absl::Now())); }
  // Waits until the status says so.
  template <typename Predicate>
  void WaitForStatus(const Predicate& predicate) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!predicate(Status())) {
      ASSERT_LT(absl::Now(), end) << Status().dump(1);
      std::this_thread::yield();
    }
  }
  EtcdSource& source() { return *source_; }

 private:
  const SchemaCatalog schemas_;
  log::Logger logger_{"test", log::Filter()};
  Connector connector_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ConfigurationPtr> published_;
  std::unique_ptr<EtcdSource> source_;
};

class EtcdSourceTest : public ::testing::Test {
 protected:
  // The file is sparse.
  bool MemoryHolds(const std::string& text) {
    bool found = false;
    off_t end = 0;
    while (true) {
      const off_t begin = ::lseek(memory_.get(), end, SEEK_DATA);
      if (begin < 0) return found;
      end = ::lseek(memory_.get(), begin, SEEK_HOLE);
      std::string data(static_cast<size_t>(end - begin), '\0');
      EXPECT_EQ(::pread(memory_.get(), data.data(), data.size(), begin), end - begin);
      found = found || data.find(text) != std::string::npos;
    }
  }

  os::UniqueFd memory_ = *os::CreateMemoryFile("state");
};

TEST_F(EtcdSourceTest, NothingIsPublishedAsNothing) {
  FakeEtcd etcd;
  etcd.Freeze();
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  EXPECT_FALSE(worker.published(0)->loaded);
  EXPECT_EQ(worker.source().current(), nullptr);
  EXPECT_EQ(worker.Status()["state"], "never_loaded");
  EXPECT_FALSE(worker.Status()["source"].contains("observed_at"));
  EXPECT_FALSE(worker.source().Age(absl::Now())->age_seconds);
  etcd.Thaw();
  worker.WaitFor([](const Configuration&) { return true; });
  EXPECT_EQ(worker.Status()["state"], "empty");
}

TEST_F(EtcdSourceTest, LoadsInPagesAndFollows) {
  FakeEtcd etcd;
  etcd.LimitPages(2);
  for (int i = 0; i < 5; ++i) etcd.Put("/aisix/cache_policies/" + std::to_string(i), Policy("p"));
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  worker.WaitFor([](const Configuration& configuration) { return configuration.documents.size() == 5; });
  EXPECT_EQ(etcd.ranges(), 3);
  const int64_t revision = etcd.Put(kKey, Policy("a"));
  const size_t index = worker.WaitForServed(Policy("a"));
  EXPECT_EQ(worker.published(index)->generation, revision);
  EXPECT_EQ(worker.Status()["applied"]["applied_revision"], revision);
}

TEST_F(EtcdSourceTest, ATransactionIsOnePublication) {
  FakeEtcd etcd;
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  worker.WaitFor([](const Configuration&) { return true; });
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  for (int i = 0; i < 50; ++i)
    changes.emplace_back("/aisix/cache_policies/" + std::to_string(i), Policy("p"));
  etcd.Change(changes);
  const size_t index =
      worker.WaitFor([](const Configuration& configuration) { return !configuration.documents.empty(); });
  EXPECT_EQ(worker.published(index)->documents.size(), 50u);
}

TEST_F(EtcdSourceTest, HistoryCompactedBetweenThePages) {
  FakeEtcd etcd;
  etcd.LimitPages(1);
  etcd.Put("/aisix/cache_policies/a", Policy("a"));
  etcd.Put("/aisix/cache_policies/b", Policy("b"));
  std::atomic<bool> once = false;
  etcd.OnRange([&](const etcdserverpb::RangeRequest& request) {
    if (request.revision() == 0 || once.exchange(true)) return;
    etcd.Compact(etcd.Put("/aisix/cache_policies/b", Policy("new")));
  });
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  worker.WaitFor([](const Configuration& configuration) {
    const DocumentValue* value = configuration.documents.Find(Kind::kCachePolicy, "b");
    return value != nullptr && value->json() == Policy("new");
  });
  EXPECT_EQ(worker.Status()["last_failure"], nullptr);  // nothing went wrong
}

TEST_F(EtcdSourceTest, HistoryCompactedUnderTheWatch) {
  FakeEtcd etcd;
  etcd.Put(kKey, Policy("a"));
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  const size_t index = worker.WaitForServed(Policy("a"));
  etcd.Freeze();
  int64_t revision = 0;
  for (int i = 0; i < 5; ++i) revision = etcd.Put(kKey, Policy("b" + std::to_string(i)));
  etcd.Compact(revision);
  etcd.Thaw();
  worker.WaitForServed(Policy("b4"), index + 1);
}

TEST_F(EtcdSourceTest, AnOrderlyEndOfTheWatchIsNoFailure) {
  FakeEtcd etcd;
  etcd.Put(kKey, Policy("a"));
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  worker.WaitForServed(Policy("a"));
  const int watches = etcd.watches();
  etcd.EndWatches();
  etcd.Put(kKey, Policy("b"));
  worker.WaitForServed(Policy("b"));
  EXPECT_GE(etcd.watches(), watches);
}

TEST_F(EtcdSourceTest, ExpiredTokensAreRenewedWithoutLoss) {
  FakeEtcd etcd;
  etcd.RequireUser("gateway", "right");
  etcd.Put(kKey, Policy("a"));
  Worker worker({etcd.url()}, memory_.get(), "gateway", "right");
  worker.Start();
  worker.WaitForServed(Policy("a"));
  etcd.ExpireTokens();
  etcd.EndWatches();
  etcd.Put(kKey, Policy("b"));
  worker.WaitForServed(Policy("b"));
  EXPECT_GE(etcd.logins(), 2);
}

TEST_F(EtcdSourceTest, AFrozenConnectionIsLeftForAnother) {
  FakeEtcd first;
  FakeEtcd second;
  first.Put(kKey, Policy("a"));
  second.Put(kKey, Policy("b"));
  Worker worker({first.url(), second.url()}, memory_.get());
  worker.Start();
  worker.WaitForServed(Policy("a"));
  first.Freeze();
  worker.WaitForServed(Policy("b"));
}

TEST_F(EtcdSourceTest, AFailureIsTold) {
  auto etcd = std::make_unique<FakeEtcd>();
  etcd->Put(kKey, Policy("a"));
  Worker worker({etcd->url()}, memory_.get());
  worker.Start();
  worker.WaitForServed(Policy("a"));
  const nlohmann::json before = worker.Status()["applied"];
  etcd.reset();
  worker.WaitForStatus([](const nlohmann::json& status) { return status["source"]["connected"] == false; });
  const nlohmann::json status = worker.Status();
  EXPECT_EQ(status["state"], "synced");
  EXPECT_EQ(status["applied"], before);
  EXPECT_EQ(status["last_failure"]["last_error_kind"], "fetch");
  EXPECT_EQ(status["last_failure"]["last_error"], "configuration source unreachable");
}

TEST_F(EtcdSourceTest, AnEtcdFromABackupIsFollowed) {
  // Its revisions begin anew.
  auto etcd = std::make_unique<FakeEtcd>();
  const int port = etcd->port();
  for (int i = 0; i < 10; ++i) etcd->Put(kKey, Policy("a"));
  Worker worker({etcd->url()}, memory_.get());
  worker.Start();
  const size_t index = worker.WaitForServed(Policy("a"));
  const int64_t revision = worker.published(index)->generation;
  etcd.reset();
  FakeEtcd restored(port);
  restored.Put(kKey, Policy("b"));
  const size_t next = worker.WaitForServed(Policy("b"));
  EXPECT_EQ(worker.published(next)->generation, revision);  // a revision never decreases
  restored.Put(kKey, Policy("c"));
  worker.WaitForServed(Policy("c"));
}

TEST_F(EtcdSourceTest, TheNextWorkerKnowsWhatThisOneKnew) {
  auto etcd = std::make_unique<FakeEtcd>();
  etcd->Put(kKey, Policy("a"));
  const std::string url = etcd->url();
  nlohmann::json before;
  {
    Worker worker({url}, memory_.get());
    worker.Start();
    worker.WaitForServed(Policy("a"));
    etcd->Put(kKey, Policy("b"));
    worker.WaitForServed(Policy("b"));
    etcd->Put(kKey, "bad");
    worker.WaitForStatus([](const nlohmann::json& status) { return !status["rejected"].empty(); });
    before = worker.Status();
  }
  etcd.reset();
  Worker worker({url}, memory_.get());
  worker.Start();
  worker.WaitForServed(Policy("b"));
  nlohmann::json after = worker.Status();
  EXPECT_EQ(after["applied"], before["applied"]);
  EXPECT_EQ(after["rejected"][0]["first_seen_at"], before["rejected"][0]["first_seen_at"]);
  EXPECT_EQ(after["rejected"][0]["serving_stale_since"], before["rejected"][0]["serving_stale_since"]);
  EXPECT_EQ(after["source"]["source_hash"], before["source"]["source_hash"]);
}

TEST_F(EtcdSourceTest, WhatWasReplacedLeavesTheStateMemory) {
  FakeEtcd etcd;
  etcd.Put(kKey, Policy("the-old-one"));
  Worker worker({etcd.url()}, memory_.get());
  worker.Start();
  worker.WaitForServed(Policy("the-old-one"));
  EXPECT_TRUE(MemoryHolds("the-old-one"));
  etcd.Put(kKey, Policy("the-new-one"));
  worker.WaitForServed(Policy("the-new-one"));
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (MemoryHolds("the-old-one")) {
    ASSERT_LT(absl::Now(), end);
    std::this_thread::yield();
  }
  EXPECT_TRUE(MemoryHolds("the-new-one"));
}

TEST_F(EtcdSourceTest, AppliedIsWhatTheZonesAcknowledged) {
  FakeEtcd etcd;
  etcd.Put(kKey, Policy("a"));
  Worker worker({etcd.url()}, memory_.get());
  worker.Start(/*apply=*/false);
  const size_t index = worker.WaitForServed(Policy("a"));
  nlohmann::json status = worker.Status();
  EXPECT_EQ(status["state"], "never_loaded");
  EXPECT_TRUE(status["source"].contains("observed_revision"));
  EXPECT_FALSE(worker.source().applied());
  PushRefusal refusal;
  refusal.zone = "proxy";
  refusal.kind = Kind::kCachePolicy;
  refusal.id = "c";
  refusal.reason = "cannot be";
  worker.source().OnApplied(worker.published(index), {refusal});
  status = worker.Status();
  EXPECT_EQ(status["state"], "degraded");
  EXPECT_EQ(status["rejected"][0]["last_error"], "refused by the proxy worker: cannot be");
  EXPECT_EQ(status["applied"]["apply_seq"], 1);
}

}  // namespace
}  // namespace aisix::admin::etcd
