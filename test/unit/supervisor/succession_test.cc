#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <set>

#include "supervisor/process/process_table.h"
#include "supervisor/run/replacement.h"
#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

class SuccessionTest : public ::testing::TestWithParam<Zone> {
 protected:
  explicit SuccessionTest(ProcessTable::Patience patience = {}) : zones_({}, 2, patience) {}

  // The outcome of one replacement.
  absl::Status Replace(Zone zone) {
    Begin(zone);
    zones_.RunUntil([&] { return outcome_.has_value(); });
    return outcome_.value_or(absl::UnknownError("none"));
  }
  void Begin(Zone zone) {
    outcome_.reset();
    zones_.table->Replace(zone, [this](const absl::Status& status) { outcome_ = status; });
  }

  // The current workers reach each other, whoever they are.
  void ExpectConnected() {
    const auto from = [&](Zone server, const std::string& link, Zone client) {
      return zones_.Reported(server, zones_.table->PidOf(server),
                             fmt::format("link {} from {}", link, zones_.table->PidOf(client)));
    };
    zones_.RunUntil([&] {
      return from(Zone::kProxy, "config.proxy/0", Zone::kAdmin) &&
             from(Zone::kEgress, "config.egress/0", Zone::kAdmin) &&
             from(Zone::kEgress, "dial/0", Zone::kProxy) && from(Zone::kEgress, "dial/1", Zone::kProxy) &&
             from(Zone::kProxy, "zone.proxy/0", Zone::kMetrics) &&
             from(Zone::kAdmin, "zone.admin/0", Zone::kMetrics) &&
             from(Zone::kEgress, "zone.egress/0", Zone::kMetrics) &&
             from(Zone::kProxy, "health.proxy/0", Zone::kAdmin);
    });
  }

  Zones zones_;
  std::optional<absl::Status> outcome_;
};

struct ImpatientSuccessionTest : SuccessionTest {
  ImpatientSuccessionTest()
      : SuccessionTest({std::chrono::milliseconds(300), std::chrono::milliseconds(300)}) {}
};

TEST_P(SuccessionTest, TheOldOneGoesWhenTheNewOneServes) {
  zones_.StartAll();
  const pid_t old = zones_.table->PidOf(GetParam());
  EXPECT_TRUE(Replace(GetParam()).ok());
  const pid_t now = zones_.table->PidOf(GetParam());
  EXPECT_NE(now, old);
  EXPECT_TRUE(zones_.table->IsReady(GetParam()));
  zones_.RunUntil(
      [&] { return zones_.Reported(GetParam(), old, "release replaced") && zones_.ended.size() == 1; });
  ExpectConnected();
  // What it has counted is there; that it went is no restart.
  zones_.RunUntil([&] {
    return zones_.Reported(Zone::kMetrics, fmt::format("ended {} totals of {}", ZoneName(GetParam()), old)) &&
           zones_.Reported(Zone::kMetrics, fmt::format("exits {} exit_0 1", ZoneName(GetParam())));
  });
  EXPECT_TRUE(zones_.Reported(Zone::kMetrics, fmt::format("zone {} 0 up", ZoneName(GetParam()))));
  EXPECT_FALSE(zones_.Reported(Zone::kMetrics, fmt::format("zone {} 1 up", ZoneName(GetParam()))));
}

TEST_P(SuccessionTest, OneAfterTheOther) {
  zones_.StartAll();
  std::set<pid_t> pids{zones_.table->PidOf(GetParam())};
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(Replace(GetParam()).ok());
    pids.insert(zones_.table->PidOf(GetParam()));
  }
  EXPECT_EQ(pids.size(), 4u);
  ExpectConnected();
}

TEST_P(SuccessionTest, ASuccessorThatCannotRunChangesNothing) {
  zones_.StartAll();
  const pid_t old = zones_.table->PidOf(GetParam());
  for (const char* behaviour : {"exit", "fatal"}) {
    // A zone that stands by reports its reason once it acts, and by then there is no way back.
    if (StandsBy(GetParam()) && std::string_view(behaviour) == "fatal") continue;
    zones_.SetBehaviour(GetParam(), behaviour);
    EXPECT_FALSE(Replace(GetParam()).ok());
    EXPECT_EQ(zones_.table->PidOf(GetParam()), old);
    EXPECT_TRUE(zones_.table->IsReady(GetParam()));
  }
  EXPECT_TRUE(zones_.fatal.empty());
  EXPECT_TRUE(zones_.ended.empty());
  ExpectConnected();
  zones_.SetBehaviour(GetParam(), "ready");
  EXPECT_TRUE(Replace(GetParam()).ok());
}

TEST_P(SuccessionTest, TheDeathOfTheOldOneIsTheHourOfTheNewOne) {
  zones_.StartAll();
  const pid_t old = zones_.table->PidOf(GetParam());
  Begin(GetParam());
  ::kill(old, SIGKILL);
  zones_.RunUntil([&] { return outcome_.has_value(); });
  EXPECT_TRUE(outcome_->ok()) << *outcome_;
  EXPECT_TRUE(zones_.table->IsReady(GetParam()));
  ExpectConnected();
}

TEST_P(SuccessionTest, AnotherMayDieMeanwhile) {
  zones_.StartAll();
  const Zone other = GetParam() == Zone::kAdmin ? Zone::kEgress : Zone::kAdmin;
  const pid_t victim = zones_.table->PidOf(other);
  Begin(GetParam());
  ::kill(victim, SIGKILL);
  zones_.RunUntil([&] {
    return outcome_.has_value() && zones_.table->PidOf(other) != victim && zones_.table->IsReady(other);
  });
  EXPECT_TRUE(outcome_->ok()) << *outcome_;
  ExpectConnected();
}

TEST_P(SuccessionTest, TheEndOfTheProcessEndsIt) {
  zones_.StartAll();
  zones_.SetBehaviour(GetParam(), "silent");
  const pid_t old = zones_.table->PidOf(GetParam());
  Begin(GetParam());
  zones_.table->BeginDrain();
  zones_.RunUntil([&] { return outcome_.has_value(); });
  EXPECT_FALSE(outcome_->ok());
  EXPECT_EQ(zones_.table->PidOf(GetParam()), old);
  EXPECT_FALSE(Replace(GetParam()).ok());  // and none begins
}

INSTANTIATE_TEST_SUITE_P(EveryZone, SuccessionTest, ::testing::ValuesIn(kZones),
                         [](const auto& info) { return std::string(ZoneName(info.param)); });

TEST_F(ImpatientSuccessionTest, ASuccessorThatIsNeverReadyIsGivenUp) {
  zones_.StartAll();
  for (const Zone zone : kZones) {
    const pid_t old = zones_.table->PidOf(zone);
    zones_.SetBehaviour(zone, "silent");
    EXPECT_FALSE(Replace(zone).ok());
    EXPECT_EQ(zones_.table->PidOf(zone), old);
    EXPECT_TRUE(zones_.table->IsReady(zone));
  }
  ExpectConnected();
}

TEST_F(ImpatientSuccessionTest, WhoDoesNotLetGoIsKilled) {
  zones_.SetBehaviour(Zone::kAdmin, "deaf");
  zones_.StartAll();
  const pid_t old = zones_.table->PidOf(Zone::kAdmin);
  zones_.SetBehaviour(Zone::kAdmin, "ready");
  EXPECT_TRUE(Replace(Zone::kAdmin).ok());
  EXPECT_NE(zones_.table->PidOf(Zone::kAdmin), old);
  zones_.RunUntil([&] { return zones_.Reported(Zone::kMetrics, "exits admin SIGKILL 1"); });
  ExpectConnected();
}

TEST_F(SuccessionTest, OneAtATime) {
  zones_.StartAll();
  Begin(Zone::kEgress);
  absl::Status second;
  zones_.table->Replace(Zone::kProxy, [&](const absl::Status& status) { second = status; });
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  zones_.RunUntil([&] { return outcome_.has_value(); });
  EXPECT_TRUE(outcome_->ok());
}

TEST_F(SuccessionTest, TheProcessWaitsForOldWorkersToo) {
  zones_.SetBehaviour(Zone::kProxy, "deaf");
  zones_.StartAll();
  zones_.SetBehaviour(Zone::kProxy, "ready");
  EXPECT_TRUE(Replace(Zone::kProxy).ok());
  // Both answer, and the sum counts: two from each at first.
  uint64_t largest = 0;
  zones_.on_in_flight = [&](uint64_t sum) { largest = std::max(largest, sum); };
  zones_.RunUntil([&] {
    zones_.table->Send(Zone::kProxy, control::MessageType::kQueryInFlight);
    return largest >= 3;
  });
}

// Each replaced worker leaves a file; a metrics worker that is replaced makes one of them all.
TEST_F(SuccessionTest, WhatIsLeftIsAddedUpBeforeItIsTooMuch) {
  zones_.StartAll();
  size_t most = 0;
  while (zones_.to_replace.empty() && most < 100) {
    ASSERT_TRUE(Replace(Zone::kEgress).ok());
    zones_.RunUntil([&] { return zones_.table->Save().workers.size() == kZones.size(); });
    most = zones_.table->Save().totals.size();
  }
  ASSERT_EQ(zones_.to_replace, std::vector<Zone>{Zone::kMetrics});
  EXPECT_EQ(most, 50u);
  ASSERT_TRUE(Replace(Zone::kMetrics).ok());
  EXPECT_EQ(zones_.table->Save().totals.size(), 1u);
}

TEST_F(SuccessionTest, AllZonesInOrder) {
  zones_.StartAll();
  ZoneReplacement replacement(zones_.loop, zones_.logger, *zones_.table);
  std::map<Zone, pid_t> old;
  for (const Zone zone : kZones) old[zone] = zones_.table->PidOf(zone);
  std::optional<bool> complete;
  replacement.All([&](bool all) { complete = all; });
  EXPECT_TRUE(replacement.active());
  zones_.RunUntil([&] { return complete.has_value(); });
  EXPECT_TRUE(*complete);
  EXPECT_FALSE(replacement.active());
  for (const Zone zone : kZones) EXPECT_NE(zones_.table->PidOf(zone), old[zone]);
  ExpectConnected();
  // What all of the old workers had counted is with the new metrics worker; its predecessor handed over that
  // of egress and admin.
  const pid_t metrics = zones_.table->PidOf(Zone::kMetrics);
  zones_.RunUntil([&] {
    return zones_.Reported(Zone::kMetrics, metrics,
                           fmt::format("ended metrics totals of {}", old[Zone::kMetrics])) &&
           zones_.Reported(Zone::kMetrics, metrics,
                           fmt::format("ended proxy totals of {}", old[Zone::kProxy]));
  });
}

TEST_F(SuccessionTest, WhatFailsInOneZoneIsNotTriedInTheNext) {
  zones_.StartAll();
  zones_.SetBehaviour(Zone::kAdmin, "exit");
  ZoneReplacement replacement(zones_.loop, zones_.logger, *zones_.table);
  std::map<Zone, pid_t> old;
  for (const Zone zone : kZones) old[zone] = zones_.table->PidOf(zone);
  std::optional<bool> complete;
  replacement.All([&](bool all) { complete = all; });
  zones_.RunUntil([&] { return complete.has_value(); });
  EXPECT_FALSE(*complete);
  EXPECT_NE(zones_.table->PidOf(Zone::kEgress), old[Zone::kEgress]);
  for (const Zone zone : {Zone::kAdmin, Zone::kMetrics, Zone::kProxy}) {
    EXPECT_EQ(zones_.table->PidOf(zone), old[zone]);
  }
}

TEST_F(SuccessionTest, AWorkerThatAsksForItAlone) {
  zones_.StartAll();
  ZoneReplacement replacement(zones_.loop, zones_.logger, *zones_.table);
  const pid_t old = zones_.table->PidOf(Zone::kEgress);
  replacement.One(Zone::kEgress);
  zones_.RunUntil(
      [&] { return zones_.table->PidOf(Zone::kEgress) != old && zones_.table->IsReady(Zone::kEgress); });
  EXPECT_FALSE(replacement.active());
}

}  // namespace
}  // namespace aisix::supervisor
