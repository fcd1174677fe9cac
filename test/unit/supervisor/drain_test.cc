#include "supervisor/run/drain.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "test/unit/supervisor/zones.h"

namespace aisix::supervisor {
namespace {

class DrainTest : public ::testing::Test {
 protected:
  void Start(std::chrono::seconds min_drain = std::chrono::seconds(0)) {
    zones_.StartAll();
    drain_.emplace(zones_.loop, zones_.logger, *zones_.table, min_drain, [this] { done_ = true; });
    zones_.on_ended = [this](Zone zone) { drain_->OnEnded(zone); };
    zones_.on_in_flight = [this](uint64_t requests) { drain_->OnInFlight(requests); };
  }

  Zones zones_;
  std::optional<Drain> drain_;
  bool done_ = false;
};

TEST_F(DrainTest, WaitsForRequestsInFlightThenStopsInOrder) {
  Start();
  zones_.ended.clear();
  drain_->Begin();
  EXPECT_TRUE(drain_->active());
  drain_->Begin();  // a second signal changes nothing
  zones_.RunUntil([&] { return done_; });
  EXPECT_EQ(zones_.ended, (std::vector<Zone>{Zone::kProxy, Zone::kAdmin, Zone::kMetrics, Zone::kEgress}));
  zones_.RunUntil([&] { return zones_.Reported(Zone::kEgress, "stop"); });
  const std::vector<int> order{
      zones_.Position(Zone::kProxy, "drain"),       zones_.Position(Zone::kProxy, "in-flight 2"),
      zones_.Position(Zone::kProxy, "in-flight 1"), zones_.Position(Zone::kProxy, "in-flight 0"),
      zones_.Position(Zone::kProxy, "release"),     zones_.Position(Zone::kAdmin, "stop"),
      zones_.Position(Zone::kMetrics, "stop"),      zones_.Position(Zone::kEgress, "stop")};
  EXPECT_GE(order.front(), 0);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_TRUE(zones_.Reported(Zone::kAdmin, "drain"));
  EXPECT_TRUE(zones_.Reported(Zone::kMetrics, "drain"));
  EXPECT_FALSE(zones_.Reported(Zone::kEgress, "drain"));
}

TEST_F(DrainTest, ServesOnForTheMinimum) {
  Start(std::chrono::seconds(1));
  const auto begin = EventLoop::Clock::now();
  drain_->Begin();
  zones_.RunUntil([&] { return zones_.Reported(Zone::kProxy, "in-flight 2"); });
  EXPECT_GE(EventLoop::Clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(DrainTest, AProxyThatDiesInTheMinimumIsReplacedAndDrainsToo) {
  Start(std::chrono::seconds(1000));
  drain_->Begin();
  const pid_t old = zones_.table->PidOf(Zone::kProxy);
  ::kill(old, SIGKILL);
  zones_.RunUntil([&] {
    const pid_t now = zones_.table->PidOf(Zone::kProxy);
    return now != 0 && now != old && zones_.Reported(Zone::kProxy, now, "drain");
  });
}

TEST_F(DrainTest, ADeadProxyHasNothingInFlight) {
  Start();
  drain_->Begin();
  zones_.RunUntil([&] { return zones_.Reported(Zone::kProxy, "in-flight 2"); });
  ::kill(zones_.table->PidOf(Zone::kProxy), SIGKILL);
  zones_.RunUntil([&] { return done_; });
}

}  // namespace
}  // namespace aisix::supervisor
