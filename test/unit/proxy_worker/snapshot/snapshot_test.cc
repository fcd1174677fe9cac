#include "proxy_worker/snapshot/snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "proxy_worker/snapshot/snapshot_builder.h"
#include "proxy_worker/snapshot/snapshot_reclaimer.h"
#include "proxy_worker/snapshot/snapshot_slot.h"

namespace aisix::proxy {
namespace {

std::string DirectModel(const std::string& name, const std::string& upstream,
                        const std::string& provider_key = "p") {
  return R"({"display_name":")" + name + R"(","provider":"OpenAI-like","model_name":")" + upstream +
         R"(","provider_key_id":")" + provider_key + R"("})";
}

std::string Caller(std::string_view key, const std::string& models = R"("*")") {
  return R"({"key_hash":")" + crypto::Sha256::Of(key).ToHex() + R"(","allowed_models":[)" + models + "]}";
}

struct Text {
  std::string value;
  void Append(std::string_view more) { value += more; }
};

std::string UpstreamName(const ModelMatch& match) {
  Text text;
  match.AppendUpstreamName(text);
  return text.value;
}

class SnapshotTest : public testing::Test {
 protected:
  void Put(std::string_view kind, const std::string& id, const std::string& json) {
    const absl::Status status = builder_.Upsert(kind, id, json);
    ASSERT_TRUE(status.ok()) << status << json;
  }
  std::shared_ptr<const Snapshot> Build() { return builder_.Build(true, ++revision_); }

  SnapshotBuilder builder_{nullptr};
  int64_t revision_ = 0;
};

TEST_F(SnapshotTest, StartsWithoutConfiguration) {
  const Snapshot snapshot;
  EXPECT_FALSE(snapshot.has_configuration());
  EXPECT_EQ(snapshot.FindCaller(crypto::Sha256::Of("x")), nullptr);
  EXPECT_FALSE(snapshot.FindModel("x"));
}

TEST_F(SnapshotTest, AnExactNameWinsOverWildcards) {
  Put("models", "1", DirectModel("openai/*", "*"));
  Put("models", "2", DirectModel("openai/gpt-4o", "pinned"));
  const std::shared_ptr<const Snapshot> snapshot = Build();
  EXPECT_EQ(snapshot->FindModel("openai/gpt-4o").model->id, "2");
  EXPECT_FALSE(snapshot->FindModel("openai/gpt-4o").wildcard);
  EXPECT_EQ(UpstreamName(snapshot->FindModel("openai/gpt-4o")), "pinned");
}

TEST_F(SnapshotTest, TheLongestLiteralPartWinsAndTheCaptureGoesUpstream) {
  Put("models", "1", DirectModel("*", "any"));
  Put("models", "2", DirectModel("a/*", "v-*-x"));
  Put("models", "3", DirectModel("a/*-mini", "small"));
  Put("models", "4", DirectModel("b*b*", "never"));
  const std::shared_ptr<const Snapshot> snapshot = Build();
  const ModelMatch middle = snapshot->FindModel("a/gpt");
  EXPECT_EQ(middle.model->id, "2");
  EXPECT_EQ(middle.captured, "gpt");
  EXPECT_EQ(UpstreamName(middle), "v-gpt-x");
  EXPECT_EQ(snapshot->FindModel("a/gpt-mini").model->id, "3");
  EXPECT_EQ(UpstreamName(snapshot->FindModel("a/gpt-mini")), "small");
  EXPECT_EQ(snapshot->FindModel("zzz").model->id, "1");
  EXPECT_EQ(snapshot->FindModel("bxbx").model->id, "1");
}

TEST_F(SnapshotTest, ProviderKeysAreResolvedWhenTheSnapshotIsBuilt) {
  Put("models", "m", DirectModel("m", "u", "pk"));
  EXPECT_EQ(Build()->FindModel("m").model->provider_key, nullptr);
  Put("provider_keys", "pk", R"({"display_name":"first","api_key":"sk","provider":"openai"})");
  const std::shared_ptr<const Snapshot> first = Build();
  ASSERT_NE(first->FindModel("m").model->provider_key, nullptr);
  EXPECT_EQ(first->FindModel("m").model->provider_key->label, "first");
  EXPECT_EQ(first->FindModel("m").model->provider_label, "openai-like");
  Put("provider_keys", "pk", R"({"display_name":"second","api_key":"sk","provider":"openai"})");
  const std::shared_ptr<const Snapshot> second = Build();
  EXPECT_EQ(second->FindModel("m").model->provider_key->label, "second");
  EXPECT_EQ(first->FindModel("m").model->provider_key->label, "first");
  EXPECT_NE(second->FindModel("m").model->serial, first->FindModel("m").model->serial);
  builder_.Remove("provider_keys", "pk");
  EXPECT_EQ(Build()->FindModel("m").model->provider_key, nullptr);
}

TEST_F(SnapshotTest, WhatDidNotChangeIsShared) {
  Put("api_keys", "a", Caller("sk-a"));
  Put("api_keys", "b", Caller("sk-b"));
  Put("models", "m", DirectModel("m", "u"));
  const std::shared_ptr<const Snapshot> first = Build();
  Put("api_keys", "a", Caller("sk-a"));  // the same text again
  Put("api_keys", "b", Caller("sk-b", R"("m")"));
  Put("models", "m", DirectModel("m", "u"));
  const std::shared_ptr<const Snapshot> second = Build();
  const crypto::Sha256 a = crypto::Sha256::Of("sk-a");
  const crypto::Sha256 b = crypto::Sha256::Of("sk-b");
  EXPECT_EQ(first->FindCaller(a), second->FindCaller(a));
  EXPECT_NE(first->FindCaller(b), second->FindCaller(b));
  EXPECT_EQ(first->FindModel("m").model, second->FindModel("m").model);
}

TEST_F(SnapshotTest, OfTwoKeysWithOneHashTheHighestIdWins) {
  Put("api_keys", "a", Caller("sk"));
  Put("api_keys", "b", Caller("sk"));
  const crypto::Sha256 hash = crypto::Sha256::Of("sk");
  EXPECT_EQ(Build()->FindCaller(hash)->id(), "b");
  builder_.Remove("api_keys", "b");
  EXPECT_EQ(Build()->FindCaller(hash)->id(), "a");
  builder_.Remove("api_keys", "a");
  EXPECT_EQ(Build()->FindCaller(hash), nullptr);
}

TEST_F(SnapshotTest, AKeyMayChangeItsHash) {
  Put("api_keys", "a", Caller("old"));
  Build();
  Put("api_keys", "a", Caller("new"));
  const std::shared_ptr<const Snapshot> snapshot = Build();
  EXPECT_EQ(snapshot->FindCaller(crypto::Sha256::Of("old")), nullptr);
  EXPECT_NE(snapshot->FindCaller(crypto::Sha256::Of("new")), nullptr);
}

TEST_F(SnapshotTest, ADocumentThatCannotBeUsedLeavesTheOldOne) {
  Put("models", "m", DirectModel("m", "u"));
  EXPECT_FALSE(builder_.Upsert("models", "m", R"({"display_name":7})").ok());
  EXPECT_FALSE(builder_.Upsert("api_keys", "k", "{").ok());
  EXPECT_FALSE(builder_.Upsert("nonsense", "k", "{}").ok());
  EXPECT_TRUE(Build()->FindModel("m"));
}

TEST_F(SnapshotTest, ModelHealthOutlivesChangesOfTheDocument) {
  Put("models", "m", DirectModel("m", "u"));
  const std::shared_ptr<const Snapshot> first = Build();
  for (int i = 0; i < 4; ++i) first->FindModel("m").model->health->RecordFailure();
  Put("models", "m", DirectModel("m", "u2"));
  const std::shared_ptr<const Snapshot> second = Build();
  EXPECT_EQ(second->FindModel("m").model->health->Level(), 1);
  for (int i = 0; i < 4; ++i) second->FindModel("m").model->health->RecordFailure();
  EXPECT_EQ(first->FindModel("m").model->health->Level(), 2);
  first->FindModel("m").model->health->RecordSuccess();
  EXPECT_EQ(second->FindModel("m").model->health->Level(), 0);
}

TEST_F(SnapshotTest, LabelsOfProviderKeysAreCleaned) {
  Put("models", "m", DirectModel("m", "u", "pk"));
  Put("provider_keys", "pk", R"({"display_name":"a\nb","api_key":"sk"})");
  EXPECT_EQ(Build()->FindModel("m").model->provider_key->label, "ab");
  Put("provider_keys", "pk", R"({"display_name":" ","api_key":"sk"})");
  EXPECT_EQ(Build()->FindModel("m").model->provider_key->label, "unknown");
}

TEST_F(SnapshotTest, OfTwoModelsWithOneNameTheHighestIdWins) {
  Put("models", "a", DirectModel("m", "of-a"));
  Put("models", "c", DirectModel("m", "of-c"));
  Put("models", "b", DirectModel("m", "of-b"));
  EXPECT_EQ(Build()->FindModel("m").model->id, "c");
  Put("models", "b", DirectModel("m", "of-b2"));  // changes while another one serves
  Put("models", "c", DirectModel("n", "of-c"));   // leaves the name
  const std::shared_ptr<const Snapshot> snapshot = Build();
  EXPECT_EQ(UpstreamName(snapshot->FindModel("m")), "of-b2");
  EXPECT_EQ(snapshot->FindModel("n").model->id, "c");
  builder_.Remove("models", "b");
  EXPECT_EQ(Build()->FindModel("m").model->id, "a");
  builder_.Remove("models", "a");
  EXPECT_FALSE(Build()->FindModel("m"));
}

TEST_F(SnapshotTest, ModelsAreListedByNameThenId) {
  Put("models", "2", DirectModel("b", "u"));
  Put("models", "3", DirectModel("a", "u"));
  Put("models", "1", DirectModel("b", "u"));
  Put("models", "4", DirectModel("a*", "u"));
  const auto list = [](const Snapshot& snapshot) {
    std::string names;
    snapshot.ForEachModel([&](const Model& row) { names += row.document->display_name + row.id + " "; });
    return names;
  };
  const std::shared_ptr<const Snapshot> first = Build();
  EXPECT_EQ(list(*first), "a3 a*4 b1 b2 ");
  Put("models", "4", DirectModel("c", "u"));
  builder_.Remove("models", "1");
  EXPECT_EQ(list(*Build()), "a3 b2 c4 ");
  EXPECT_EQ(list(*first), "a3 a*4 b1 b2 ");
  EXPECT_TRUE(first->FindModel("axx"));
  EXPECT_FALSE(Build()->FindModel("axx"));
}

TEST_F(SnapshotTest, AChangedProviderKeyTouchesItsModelsOnly) {
  for (int i = 0; i < 50; ++i)
    Put("models", std::to_string(i),
        DirectModel("m" + std::to_string(i), "u", i % 10 == 0 ? "changes" : "stays"));
  for (const char* id : {"changes", "stays"})
    Put("provider_keys", id, R"({"display_name":"k","api_key":"1","provider":"openai"})");
  const std::shared_ptr<const Snapshot> first = Build();
  Put("provider_keys", "changes", R"({"display_name":"k","api_key":"2","provider":"openai"})");
  Put("models", "11", DirectModel("m11", "u", "changes"));  // goes over to it
  const std::shared_ptr<const Snapshot> second = Build();
  int changed = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "m" + std::to_string(i);
    if (first->FindModel(name).model == second->FindModel(name).model) continue;
    ++changed;
    EXPECT_EQ(second->FindModel(name).model->provider_key->document.api_key, "2");
    EXPECT_EQ(first->FindModel(name).model->provider_key->document.api_key, "1");
  }
  EXPECT_EQ(changed, 6);
}

TEST_F(SnapshotTest, EqualGrantsAreOneObject) {
  const std::string limit = R"(,"rate_limit":{"rpm":5})";
  Put("api_keys", "a", Caller("sk-a", R"("x","y")"));
  Put("api_keys", "b", Caller("sk-b", R"("x","y")"));
  Put("api_keys", "c", Caller("sk-c", R"("x")"));
  const std::shared_ptr<const Snapshot> snapshot = Build();
  const auto grants = [&](const char* key) {
    return &snapshot->FindCaller(crypto::Sha256::Of(key))->grants();
  };
  EXPECT_EQ(grants("sk-a"), grants("sk-b"));
  EXPECT_NE(grants("sk-a"), grants("sk-c"));
  EXPECT_TRUE(snapshot->FindCaller(crypto::Sha256::Of("sk-b"))->allows_model("y"));
  EXPECT_FALSE(snapshot->FindCaller(crypto::Sha256::Of("sk-c"))->allows_model("y"));
}

TEST(CallerKey, KeepsWhatRequestsRead) {
  model::ApiKey document;
  document.digest = crypto::Sha256::Of("sk");
  document.display_name = "Ann";
  document.user_id = "u-1";
  document.jwt_provider = "p";
  document.disabled = true;
  document.expires_at = absl::FromUnixSeconds(100);
  const CallerKey key(7, "id", document, std::make_shared<const CallerGrants>(), {});
  EXPECT_EQ(key.id(), "id");
  EXPECT_EQ(key.display_name(), "Ann");
  EXPECT_EQ(key.team_id(), "");
  EXPECT_EQ(key.user_id(), "u-1");
  EXPECT_EQ(key.user_name(), "");
  EXPECT_EQ(key.jwt_subject(), "");
  EXPECT_EQ(key.jwt_provider(), "p");
  EXPECT_TRUE(key.disabled());
  EXPECT_FALSE(key.expired(absl::FromUnixSeconds(100)));
  EXPECT_TRUE(key.expired(absl::FromUnixSeconds(101)));
  EXPECT_FALSE(CallerKey().expired(absl::FromUnixSeconds(101)));
  EXPECT_FALSE(CallerKey().can_match());
}

TEST(GrantsPool, LetsGoOfWhatNobodyUses) {
  GrantsPool pool;
  std::vector<std::shared_ptr<const CallerGrants>> used;
  for (int i = 0; i < 10'000; ++i) {
    model::ApiKey document;
    document.allowed_models = {std::to_string(i)};
    const auto grants = pool.Intern(document);
    if (i % 1000 == 0) used.push_back(grants);
  }
  EXPECT_LE(pool.size(), 64u);
  model::ApiKey document;
  document.allowed_models = {"1000"};
  EXPECT_EQ(pool.Intern(document), used[1]);
}

TEST(SnapshotSlot, ARequestKeepsTheSnapshotItStartedWith) {
  SnapshotReclaimer reclaimer;
  std::weak_ptr<const Snapshot> first_life;
  {
    SnapshotSlot slot(reclaimer);
    auto first = std::make_shared<const Snapshot>();
    first_life = first;
    slot.Swap(std::make_unique<HeldSnapshot>(std::move(first)));
    {
      const PinnedSnapshot pin = slot.Pin();
      const Snapshot* pinned = &*pin;
      slot.Swap(std::make_unique<HeldSnapshot>(std::make_shared<const Snapshot>()));
      EXPECT_EQ(&*pin, pinned);
      EXPECT_NE(&slot.current(), pinned);
      EXPECT_FALSE(first_life.expired());
    }
    EXPECT_FALSE(first_life.expired());  // retired, but freed by the reclaimer's thread only
    reclaimer.Start();
  }
}

TEST(SnapshotReclaimer, FreesWhatWasRetired) {
  std::weak_ptr<const Snapshot> life;
  {
    SnapshotReclaimer reclaimer;
    auto snapshot = std::make_shared<const Snapshot>();
    life = snapshot;
    reclaimer.Retire(std::make_unique<HeldSnapshot>(std::move(snapshot)));
    EXPECT_FALSE(life.expired());
    reclaimer.Start();
  }
  EXPECT_TRUE(life.expired());
}

TEST(SnapshotReclaimer, FreesWhatManyThreadsRetireWhileItRuns) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::atomic<int> freed{0};
  {
    SnapshotReclaimer reclaimer;
    reclaimer.Start();
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < kEach; ++turn) {
          reclaimer.Retire(std::make_unique<HeldSnapshot>(
              std::shared_ptr<const Snapshot>(new Snapshot, [&freed](const Snapshot* snapshot) {
                delete snapshot;
                ++freed;
              })));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(freed.load(), kThreads * kEach);
}

TEST(SnapshotReclaimer, DoesNotWaitForTheNextOneToFreeTheLast) {
  SnapshotReclaimer reclaimer;
  reclaimer.Start();
  for (int turn = 0; turn < 100; ++turn) {
    std::promise<void> freed;
    reclaimer.Retire(std::make_unique<HeldSnapshot>(
        std::shared_ptr<const Snapshot>(new Snapshot, [&freed](const Snapshot* snapshot) {
          delete snapshot;
          freed.set_value();
        })));
    freed.get_future().wait();
  }
}

}  // namespace
}  // namespace aisix::proxy
