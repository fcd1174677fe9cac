#include "lib/metrics/totals.h"

#include <gtest/gtest.h>

namespace aisix::metrics {
namespace {

Family Counter(double value) {
  return Single("requests", FamilyType::kCounter, {{"model", "a"}}, value);
}

Family Histogram(std::vector<uint64_t> buckets, double sum) {
  Family family{"latency", FamilyType::kHistogram, {"model"}, {1, 2}, {}};
  Sample sample;
  sample.label_values = {"a"};
  sample.value = sum;
  for (const uint64_t count : buckets) sample.count += count;
  sample.buckets = std::move(buckets);
  family.samples.push_back(std::move(sample));
  return family;
}

Family Summary(double sum, uint64_t count, std::vector<double> quantiles) {
  Family family{"duration", FamilyType::kSummary, {}, {0.5, 0.9}, {}};
  Sample sample;
  sample.value = sum;
  sample.count = count;
  sample.quantiles = std::move(quantiles);
  family.samples.push_back(std::move(sample));
  return family;
}

Family Gauge(const char* name, double value, Across across) {
  Family family = Single(name, FamilyType::kGauge, {}, value);
  family.across = across;
  return family;
}

TEST(AddTotals, AddsWhatWasCounted) {
  std::vector<Family> families{Counter(2), Histogram({1, 0, 2}, 5), Summary(3, 4, {0.5, 0.7})};
  AddTotals(families, {Counter(40), Histogram({1, 2, 3}, 10), Summary(30, 40, {9, 9})});
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].samples[0].value, 42);
  EXPECT_EQ(families[1].samples[0].buckets, (std::vector<uint64_t>{2, 2, 5}));
  EXPECT_EQ(families[1].samples[0].value, 15);
  EXPECT_EQ(families[1].samples[0].count, 9u);
  EXPECT_EQ(families[2].samples[0].value, 33);
  EXPECT_EQ(families[2].samples[0].count, 44u);
  EXPECT_EQ(families[2].samples[0].quantiles, (std::vector<double>{0.5, 0.7}));
}

TEST(AddTotals, KeepsSeriesThatOnlyTheFormerWorkerHad) {
  std::vector<Family> families{Counter(2)};
  AddTotals(families, {Single("requests", FamilyType::kCounter, {{"model", "b"}}, 7), Summary(1, 1, {9, 9})});
  ASSERT_EQ(families.size(), 2u);
  ASSERT_EQ(families[0].samples.size(), 2u);
  EXPECT_EQ(families[0].samples[1].value, 7);
  EXPECT_EQ(families[1].samples[0].quantiles, (std::vector<double>{0, 0}));
}

TEST(AddTotals, LeavesOutHowThingsAreAndWhatLivesOnElsewhere) {
  Family restored = Single("reloads", FamilyType::kCounter, {}, 3);
  restored.across = Across::kNewest;
  std::vector<Family> families;
  AddTotals(families, {Gauge("start", 1, Across::kUsual), Gauge("connections", 1, Across::kSum), restored});
  EXPECT_TRUE(families.empty());
}

TEST(AddTotals, LeavesOutAnotherShape) {
  std::vector<Family> families{Histogram({1, 0, 2}, 5)};
  Family other = Histogram({1, 0}, 5);
  other.edges = {1};
  AddTotals(families, {other, Single("latency", FamilyType::kCounter, {{"model", "a"}}, 1)});
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].samples[0].count, 3u);
}

TEST(RaiseCounters, ToWhatWasHeard) {
  std::vector<Family> totals{Single("cpu", FamilyType::kCounter, {{"zone", "a"}}, 2),
                             Histogram({1, 0, 2}, 5)};
  RaiseCounters(totals, {Single("cpu", FamilyType::kCounter, {{"zone", "a"}}, 3), Histogram({9, 0, 2}, 50),
                         Single("other", FamilyType::kCounter, {}, 1)});
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(totals[0].samples[0].value, 3);
  EXPECT_EQ(totals[1].samples[0].value, 5);
  RaiseCounters(totals, {Single("cpu", FamilyType::kCounter, {{"zone", "a"}}, 1),
                         Single("cpu", FamilyType::kGauge, {{"zone", "a"}}, 9)});
  EXPECT_EQ(totals[0].samples[0].value, 3);
}

TEST(AddOlder, GaugesThatAddUpDo) {
  std::vector<Family> families{Gauge("connections", 3, Across::kSum), Gauge("start", 100, Across::kUsual)};
  AddOlder(families, {Gauge("connections", 4, Across::kSum), Gauge("start", 50, Across::kUsual), Counter(1)});
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].samples[0].value, 7);
  EXPECT_EQ(families[1].samples[0].value, 100);
  EXPECT_EQ(families[2].samples[0].value, 1);
}

TEST(AddOlder, TheQuantilesOfWhoeverHasAny) {
  std::vector<Family> families{Summary(0, 0, {0, 0})};
  AddOlder(families, {Summary(2, 2, {0.5, 0.9})});
  EXPECT_EQ(families[0].samples[0].quantiles, (std::vector<double>{0.5, 0.9}));
  AddOlder(families, {Summary(2, 2, {5, 9})});
  EXPECT_EQ(families[0].samples[0].quantiles, (std::vector<double>{0.5, 0.9}));
}

}  // namespace
}  // namespace aisix::metrics
