#include "proxy_worker/snapshot/snapshot.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(Build()->FindCaller(hash)->id, "b");
  builder_.Remove("api_keys", "b");
  EXPECT_EQ(Build()->FindCaller(hash)->id, "a");
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

TEST(SnapshotSlot, ARequestKeepsTheSnapshotItStartedWith) {
  SnapshotReclaimer reclaimer;
  std::weak_ptr<const Snapshot> first_life;
  {
    SnapshotSlot slot(reclaimer);
    auto first = std::make_shared<const Snapshot>();
    first_life = first;
    slot.Swap(std::move(first));
    {
      const PinnedSnapshot pin = slot.Pin();
      const Snapshot* pinned = &*pin;
      slot.Swap(std::make_shared<const Snapshot>());
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
    reclaimer.Retire(std::move(snapshot));
    EXPECT_FALSE(life.expired());
    reclaimer.Start();
  }
  EXPECT_TRUE(life.expired());
}

}  // namespace
}  // namespace aisix::proxy
