#include "lib/metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

namespace {
std::atomic<uint64_t> g_allocations{0};
}  // namespace

[[gnu::noinline]] void* operator new(size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace aisix::metrics {
namespace {

using ::testing::ElementsAre;

TEST(Registry, NothingIsShownBeforeItsFirstUse) {
  Registry registry;
  auto family = registry.AddCounter("a_total", {"x"});
  Shard& shard = registry.AddShard();
  EXPECT_TRUE(registry.Collect().empty());
  shard.Get(family, {"1"});
  std::vector<Family> families = registry.Collect();
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].samples[0].value, 0);
}

TEST(Registry, ShardsAreMerged) {
  Registry registry;
  auto counter = registry.AddCounter("c_total", {"x", "y"});
  auto sum = registry.AddGauge("in_flight", {});
  auto latest = registry.AddGauge("state", {}, GaugeMerge::kLatest);
  auto histogram = registry.AddHistogram("h_seconds", {}, {1, 2});
  Shard& first = registry.AddShard();
  Shard& second = registry.AddShard();
  first.Get(counter, {"a", "b"}).Add(2);
  second.Get(counter, {"a", "b"}).Add(3);
  second.Get(counter, {"ab", ""}).Add();
  first.Get(sum, {}).Add(5);
  second.Get(sum, {}).Add(-2);
  second.Get(latest, {}).Set(1);
  first.Get(latest, {}).Set(2);
  for (double value : {0.5, 1.0, 1.5, 7.0}) first.Get(histogram, {}).Record(value);
  second.Get(histogram, {}).Record(2);

  std::vector<Family> families = registry.Collect();
  ASSERT_EQ(families.size(), 4u);
  ASSERT_EQ(families[0].samples.size(), 2u);
  EXPECT_THAT(families[0].samples[0].label_values, ElementsAre("a", "b"));
  EXPECT_EQ(families[0].samples[0].value, 5);
  EXPECT_THAT(families[0].samples[1].label_values, ElementsAre("ab", ""));
  EXPECT_EQ(families[1].samples[0].value, 3);
  EXPECT_EQ(families[2].samples[0].value, 2);
  // An edge belongs to the bucket below it.
  EXPECT_THAT(families[3].samples[0].buckets, ElementsAre(2, 2, 1));
  EXPECT_EQ(families[3].samples[0].count, 5u);
  EXPECT_EQ(families[3].samples[0].value, 12);
}

TEST(Registry, SeriesKeepTheirPlace) {
  Registry registry;
  auto family = registry.AddCounter("c_total", {"x"});
  Shard& shard = registry.AddShard();
  Counter& first = shard.Get(family, {"0"});
  for (int i = 0; i < 1000; ++i) shard.Get(family, {std::to_string(i)});
  EXPECT_EQ(&first, &shard.Get(family, {"0"}));
}

TEST(Registry, LookUpAndRecordingDoNotAllocate) {
  Registry registry;
  auto counter = registry.AddCounter("c_total", {"provider", "model"});
  auto gauge = registry.AddGauge("g", {"provider"});
  auto histogram = registry.AddHistogram("h", {"provider"}, {0.1, 1});
  auto summary = registry.AddSummary("s", {"provider"});
  Shard& shard = registry.AddShard();
  auto record = [&](uint64_t now) {
    shard.Get(counter, {"a rather long name of a provider", "a rather long name of a model"}).Add();
    shard.Get(gauge, {"openai"}).Add(1);
    shard.Get(histogram, {"openai"}).Record(0.5);
    shard.Get(summary, {"openai"}).Record(0.7, now);
  };
  record(0);
  uint64_t before = g_allocations.load();
  for (uint64_t i = 0; i < 100; ++i) record(i * 1000);
  EXPECT_EQ(g_allocations.load(), before);
}

TEST(Registry, CollectorsAddFamilies) {
  Registry registry;
  registry.AddCollector([](std::vector<Family>& families) {
    families.push_back(Single("up", FamilyType::kGauge, {{"z", "a"}}, 1));
  });
  std::vector<Family> families = registry.Collect();
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].name, "up");
  EXPECT_THAT(families[0].label_names, ElementsAre("z"));
  EXPECT_THAT(families[0].samples[0].label_values, ElementsAre("a"));
}

TEST(RegistryDeathTest, WrongCallSites) {
  Registry registry;
  auto family = registry.AddCounter("c_total", {"x"});
  Shard& shard = registry.AddShard();
  EXPECT_DEATH(shard.Get(family, {"a", "b"}), "number of labels: c_total");
  EXPECT_DEATH(shard.Get(GaugeFamily{family.index}, {"a"}), "wrong type");
  EXPECT_DEATH(registry.AddCounter("d_total", {}), "after the first shard");
}

// Writers create series and record while a collector reads; in the end nothing is lost.
TEST(Registry, CollectionRunsBesideRecording) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 20000;
  Registry registry;
  auto counter = registry.AddCounter("c_total", {"n"});
  auto summary = registry.AddSummary("s_seconds", {"n"});
  std::vector<Shard*> shards;
  for (int i = 0; i < kThreads; ++i) shards.push_back(&registry.AddShard());
  std::atomic<int> running{kThreads};
  std::vector<std::thread> writers;
  for (Shard* shard : shards) {
    writers.emplace_back([&, shard] {
      for (int i = 0; i < kRounds; ++i) {
        std::string label = std::to_string(i % 50);
        shard->Get(counter, {label}).Add();
        // Crosses slots of the window, so that clearing runs beside reading.
        shard->Get(summary, {label}).Record(0.001 * (i % 100 + 1), static_cast<uint64_t>(i) * 10);
      }
      running.fetch_sub(1);
    });
  }
  double last = 0;
  do {
    double total = 0;
    for (const Family& family : registry.Collect(static_cast<uint64_t>(kRounds) * 5)) {
      for (const Sample& sample : family.samples) {
        if (family.type == FamilyType::kCounter) total += sample.value;
        for (double quantile : sample.quantiles) EXPECT_LE(quantile, 0.1001);
      }
    }
    EXPECT_GE(total, last);
    last = total;
  } while (running.load() > 0);
  for (std::thread& writer : writers) writer.join();
  std::vector<Family> families = registry.Collect(static_cast<uint64_t>(kRounds) * 10);
  ASSERT_EQ(families.size(), 2u);
  double total = 0;
  uint64_t count = 0;
  for (const Sample& sample : families[0].samples) total += sample.value;
  for (const Sample& sample : families[1].samples) count += sample.count;
  EXPECT_EQ(total, kThreads * kRounds);
  EXPECT_EQ(count, static_cast<uint64_t>(kThreads) * kRounds);
}

}  // namespace
}  // namespace aisix::metrics
