#include "proxy_worker/snapshot/config_intake.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <thread>

#include "lib/os/memory_file.h"
#include "proxy_worker/snapshot/snapshot_reclaimer.h"

namespace aisix::proxy {
namespace {

// Two loops that run on threads, and an intake that serves them.
class ConfigIntakeTest : public testing::Test {
 protected:
  struct RunningLoop {
    explicit RunningLoop(SnapshotReclaimer& reclaimer) : slot(reclaimer), thread([this] { loop.Run(); }) {}
    ~RunningLoop() {
      loop.Stop();
      thread.join();
    }
    async::Loop loop;
    SnapshotSlot slot;
    std::thread thread;
  };

  ConfigIntakeTest() {
    publisher_.AddLoop(first_.loop, first_.slot, &swaps_);
    publisher_.AddLoop(second_.loop, second_.slot);
  }

  static std::string Model(const std::string& name) {
    return R"({"display_name":")" + name +
           R"(","provider":"openai","model_name":"u","provider_key_id":"pk"})";
  }
  ipc::ConfigBatch Batch(bool full) {
    ipc::ConfigBatch batch;
    batch.epoch = 1;
    batch.revision = ++revision_;
    batch.full = full;
    return batch;
  }
  static void Add(ipc::ConfigBatch& batch, const std::string& kind, const std::string& id,
                  const std::string& json) {
    batch.upserts.push_back(ipc::ConfigDocument{kind, id, 1, json});
  }

  const std::vector<double> edges_{1.0};
  metrics::Histogram swaps_{edges_};
  SnapshotReclaimer reclaimer_;
  RunningLoop first_{reclaimer_};
  RunningLoop second_{reclaimer_};
  SnapshotPublisher publisher_;
  log::Logger logger_{"proxy", log::Filter(), 2};
  int plans_ = 0;
  int applied_ = 0;
  int64_t revision_ = 0;
  ConfigIntake intake_{[this](std::string_view, const model::ProviderKey&) {
                         ++plans_;
                         return std::unique_ptr<const ProviderPlan>();
                       },
                       publisher_, logger_, [this] { ++applied_; }};
};

TEST_F(ConfigIntakeTest, WhenApplyReturnsEveryLoopServesFromIt) {
  ipc::ConfigBatch batch = Batch(true);
  Add(batch, "models", "m", Model("alias"));
  EXPECT_TRUE(intake_.Apply(std::move(batch)).empty());
  EXPECT_EQ(applied_, 1);
  // The loops are idle: nothing swaps while this thread reads.
  EXPECT_TRUE(first_.slot.current().FindModel("alias"));
  EXPECT_EQ(&first_.slot.current(), &second_.slot.current());
  EXPECT_EQ(intake_.current().get(), &first_.slot.current());
  EXPECT_EQ(first_.slot.current().revision(), 1);
}

TEST_F(ConfigIntakeTest, EveryLoopRecordsWhatASwapCostIt) {
  intake_.Apply(Batch(true));
  intake_.Apply(Batch(false));
  // The second swap came after the first was recorded; the second may still be on its way.
  EXPECT_GE(swaps_.bucket(0) + swaps_.bucket(1), 1u);
}

TEST_F(ConfigIntakeTest, NothingConfiguredYetIsNotAConfiguration) {
  ipc::ConfigBatch batch = Batch(true);
  batch.no_configuration = true;
  intake_.Apply(std::move(batch));
  EXPECT_EQ(applied_, 1);
  EXPECT_FALSE(intake_.current()->has_configuration());
  intake_.Apply(Batch(true));  // an empty one is
  EXPECT_TRUE(intake_.current()->has_configuration());
}

TEST_F(ConfigIntakeTest, AFullSynchronisationForgetsWhatItDoesNotName) {
  ipc::ConfigBatch batch = Batch(true);
  Add(batch, "models", "1", Model("one"));
  Add(batch, "models", "2", Model("two"));
  intake_.Apply(std::move(batch));
  batch = Batch(true);
  Add(batch, "models", "2", Model("two"));
  intake_.Apply(std::move(batch));
  EXPECT_FALSE(intake_.current()->FindModel("one"));
  EXPECT_TRUE(intake_.current()->FindModel("two"));
}

TEST_F(ConfigIntakeTest, ADeltaChangesOnlyWhatItNames) {
  ipc::ConfigBatch batch = Batch(true);
  Add(batch, "models", "1", Model("one"));
  Add(batch, "models", "2", Model("two"));
  intake_.Apply(std::move(batch));
  batch = Batch(false);
  Add(batch, "models", "3", Model("three"));
  batch.removals.push_back(ipc::ConfigRemoval{"models", "1"});
  batch.removals.push_back(ipc::ConfigRemoval{"models", "unknown"});
  intake_.Apply(std::move(batch));
  EXPECT_FALSE(intake_.current()->FindModel("one"));
  EXPECT_TRUE(intake_.current()->FindModel("two"));
  EXPECT_TRUE(intake_.current()->FindModel("three"));
}

TEST_F(ConfigIntakeTest, ARefusedDocumentIsNamedAndItsOldVersionStays) {
  ipc::ConfigBatch batch = Batch(true);
  Add(batch, "models", "1", Model("one"));
  intake_.Apply(std::move(batch));
  batch = Batch(true);
  Add(batch, "models", "1", R"({"display_name":1})");
  Add(batch, "models", "2", Model("two"));
  Add(batch, "surprises", "x", "{}");
  const std::vector<ipc::ConfigRefusal> refusals = intake_.Apply(std::move(batch));
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_EQ(refusals[0].kind, "models");
  EXPECT_EQ(refusals[0].id, "1");
  EXPECT_FALSE(refusals[0].reason.empty());
  EXPECT_EQ(refusals[1].kind, "surprises");
  EXPECT_TRUE(intake_.current()->FindModel("one"));
  EXPECT_TRUE(intake_.current()->FindModel("two"));
}

TEST_F(ConfigIntakeTest, PlansAreMadeOncePerDocumentAndAgainOnDemand) {
  const std::string key = R"({"display_name":"k","api_key":"s","provider":"openai"})";
  for (int i = 0; i < 3; ++i) {
    ipc::ConfigBatch batch = Batch(true);
    Add(batch, "provider_keys", "pk", key);
    Add(batch, "models", "m", Model("alias"));
    intake_.Apply(std::move(batch));
  }
  EXPECT_EQ(plans_, 1);
  int again = 0;
  intake_.Replan([&again](std::string_view id, const model::ProviderKey& document) {
    EXPECT_EQ(id, "pk");
    EXPECT_EQ(document.api_key, "s");
    ++again;
    return std::unique_ptr<const ProviderPlan>();
  });
  EXPECT_EQ(again, 1);
  EXPECT_TRUE(intake_.current()->FindModel("alias"));
}

TEST_F(ConfigIntakeTest, WhatWasPreparedIsTakenAndItsTextIsGone) {
  ipc::ConfigBatch batch = Batch(true);
  Add(batch, "models", "1", Model("one"));
  Add(batch, "models", "2", R"({"display_name":1})");
  Add(batch, "provider_keys", "pk", R"({"display_name":"k","api_key":"s","provider":"openai"})");
  intake_.Prepare(batch);
  EXPECT_TRUE(batch.upserts.empty());
  EXPECT_FALSE(intake_.current()->FindModel("one"));
  // Plans that were made before the planner was exchanged are not taken over.
  int again = 0;
  intake_.Replan([&again](std::string_view, const model::ProviderKey&) {
    ++again;
    return std::unique_ptr<const ProviderPlan>();
  });
  const std::vector<ipc::ConfigRefusal> refusals = intake_.Apply(std::move(batch));
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].id, "2");
  EXPECT_TRUE(intake_.current()->FindModel("one"));
  EXPECT_EQ(plans_, 1);
  EXPECT_EQ(again, 1);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsMemory = false;  // a sanitizer's allocator does not tell
#else
constexpr bool kCountsMemory = true;
#endif

size_t AllocatedBytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(ConfigIntakeTest, ACallersKeyTakesLittleMemory) {
  if (!kCountsMemory) GTEST_SKIP();
  constexpr size_t kKeys = 10'000;
  constexpr size_t kMostBytes = 430;
  const size_t before = AllocatedBytes();
  ipc::ConfigBatch batch = Batch(true);
  for (size_t i = 0; i < kKeys; ++i) {
    const std::string number = std::to_string(100'000 + i);
    const std::string id = "9d6b2d3e-6d0c-5f8a-9f6c-0d1f3a" + number;
    Add(batch, "api_keys", id,
        R"({"allowed_models":["*"],"display_name":"caller-)" + number + R"(","key_hash":")" +
            crypto::Sha256::Of(number).ToHex() + R"(","rate_limit":{"rpm":60},"team_id":")" + id +
            R"(","user_id":")" + id + R"(","user_name":"user-)" + number + R"(@example.com"})");
    if (i % 1000 == 999) intake_.Prepare(batch);
  }
  // Not much more while a push is on its way.
  EXPECT_LT(AllocatedBytes() - before, kKeys * kMostBytes);
  EXPECT_TRUE(intake_.Apply(std::move(batch)).empty());
  EXPECT_NE(intake_.current()->FindCaller(crypto::Sha256::Of("100000")), nullptr);
  EXPECT_LT(AllocatedBytes() - before, kKeys * kMostBytes);
}

TEST_F(ConfigIntakeTest, ShutdownReleasesAWaitingPush) {
  publisher_.Cancel();
  intake_.Apply(Batch(true));
  EXPECT_EQ(applied_, 0);
}

}  // namespace
}  // namespace aisix::proxy
