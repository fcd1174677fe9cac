#include "metrics_worker/zone_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/os/socket_pair.h"

namespace aisix::metrics_zone {
namespace {

using metrics::Family;
using ::testing::IsEmpty;

std::vector<Family> Counted(double value) {
  return {metrics::Single("test_total", metrics::FamilyType::kCounter, {}, value)};
}

double Sum(const std::vector<Family>& families) {
  double sum = 0;
  for (const Family& family : families) {
    for (const metrics::Sample& sample : family.samples) sum += sample.value;
  }
  return sum;
}

// A metrics worker that begins; its predecessor has heard `41` from the worker of generation 5.
class ZoneWorkersTest : public ::testing::Test {
 protected:
  void Link(uint64_t generation) {
    auto pair = os::CreateStreamPair();
    ASSERT_TRUE(pair.ok());
    workers_.SetLink(generation, std::move(pair->first));
  }
  void Answer(uint64_t generation, double value) {
    for (const std::shared_ptr<ZoneWorker>& worker : workers_.living()) {
      if (worker->generation == generation) workers_.Store(*worker, Counted(value), 1);
    }
  }
  double Shown() const { return Sum(workers_.Figures()) + Sum(former_); }

  std::vector<Family> former_;
  ZoneWorkers workers_{"zone.proxy", former_};
};

TEST_F(ZoneWorkersTest, WhatWasInheritedIsShownUntilTheWorkerAnswers) {
  Link(5);
  workers_.Inherit(5, Counted(41));
  EXPECT_EQ(Shown(), 41);
  Answer(5, 42);
  EXPECT_EQ(Shown(), 42);
  workers_.Inherit(5, Counted(41));
  EXPECT_EQ(Shown(), 42);
}

// The worker leaves before it was ever asked by this process.
TEST_F(ZoneWorkersTest, TotalsStandForWhatWasInherited) {
  Link(5);
  workers_.Inherit(5, Counted(41));
  workers_.End(5, Counted(45));
  EXPECT_EQ(Shown(), 45);
  workers_.End(5, std::nullopt);
  EXPECT_EQ(Shown(), 45);
}

TEST_F(ZoneWorkersTest, WhoDiesBeforeItAnswersIsCountedByWhatWasInherited) {
  Link(5);
  workers_.Inherit(5, Counted(41));
  workers_.End(5, std::nullopt);
  EXPECT_EQ(Shown(), 41);
  EXPECT_THAT(workers_.living(), IsEmpty());
}

// It has left while one metrics worker had let go and the next one did not act yet.
TEST_F(ZoneWorkersTest, TotalsThatCameBeforeStandForWhatIsInherited) {
  workers_.End(5, Counted(45));
  workers_.Inherit(5, Counted(41));
  EXPECT_EQ(Shown(), 45);
}

// Or it has died then: nobody says so.
TEST_F(ZoneWorkersTest, WhoHasNoLinkIsGone) {
  Link(6);
  workers_.Inherit(5, Counted(41));
  EXPECT_EQ(Shown(), 41);
  Answer(6, 1);
  EXPECT_EQ(Shown(), 42);
  EXPECT_EQ(Sum(former_), 41);
}

// Told once more from the beginning: the predecessor of a metrics worker that has died.
TEST_F(ZoneWorkersTest, TotalsThatComeLaterStandForAWorkerWithoutLink) {
  workers_.Inherit(5, Counted(41));
  workers_.End(5, Counted(45));
  EXPECT_EQ(Shown(), 45);
  Link(6);
  Answer(6, 1);
  EXPECT_EQ(Shown(), 46);
}

TEST_F(ZoneWorkersTest, BesideOthersItIsAddedOnce) {
  Link(5);
  Link(6);
  workers_.Inherit(5, Counted(41));
  Answer(6, 1);
  EXPECT_EQ(Shown(), 42);
  workers_.End(5, Counted(45));
  EXPECT_EQ(Shown(), 46);
  Answer(6, 2);
  EXPECT_EQ(Shown(), 47);
}

// Between its totals and its end it answered once more: its process had done a little more.
TEST_F(ZoneWorkersTest, WhatWasShownIsNotTakenBack) {
  Link(5);
  Answer(5, 45.5);
  workers_.End(5, Counted(45));
  EXPECT_EQ(Shown(), 45.5);
}

// Gauges, and counters that only the newest worker knows, do not vanish between two workers.
TEST_F(ZoneWorkersTest, WhatNoTotalSaysIsShownUntilASuccessorAnswers) {
  Link(5);
  std::vector<Family> figures = Counted(41);
  figures.push_back(metrics::Single("test_restored_total", metrics::FamilyType::kCounter, {}, 3));
  figures.back().across = metrics::Across::kNewest;
  workers_.Store(*workers_.youngest(), figures, 1);
  workers_.End(5, Counted(45));
  EXPECT_EQ(Shown(), 48);
  Link(6);
  EXPECT_EQ(Shown(), 48);
  workers_.Store(*workers_.youngest(), {figures[1]}, 2);
  EXPECT_EQ(Shown(), 48);
}

// Its death is known, its successor has not answered.
TEST_F(ZoneWorkersTest, WhoIsStillShownIsHandedOver) {
  Link(5);
  Answer(5, 41);
  workers_.End(5, std::nullopt);
  std::vector<Family> totals;
  workers_.AddEnded(totals);
  EXPECT_EQ(Sum(totals), 41);
  EXPECT_EQ(Shown(), 41);
}

}  // namespace
}  // namespace aisix::metrics_zone
