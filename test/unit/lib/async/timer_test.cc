#include "lib/async/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "lib/async/loop.h"
#include "lib/async/task.h"

namespace aisix::async {
namespace {

// Runs the loop until `done`.
void RunUntil(Loop& loop, const bool& done) {
  while (!done) uv_run(loop.uv(), UV_RUN_ONCE);
}

struct Probe {
  explicit Probe(Loop& loop) : loop(&loop) {}

  Loop* loop;
  Timer timer;
  uint64_t due = 0;
  uint64_t fired = 0;
  std::vector<Probe*>* order = nullptr;

  void Start(uint64_t delay) {
    due = loop->NowMs() + delay;
    timer.Start(
        *loop, delay,
        [](void* self) {
          auto* probe = static_cast<Probe*>(self);
          probe->fired = probe->loop->NowMs();
          if (probe->order) probe->order->push_back(probe);
        },
        this);
  }
};

TEST(Timer, FiresInOrderAndNeverEarly) {
  Loop loop;
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<Probe*> order;
  for (int i = 0; i < 500; ++i) {
    auto probe = std::make_unique<Probe>(loop);
    probe->order = &order;
    probe->Start(random() % 300);
    probes.push_back(std::move(probe));
  }
  while (loop.timers().size() > 0) uv_run(loop.uv(), UV_RUN_ONCE);
  ASSERT_EQ(order.size(), probes.size());
  for (const auto& probe : probes) EXPECT_GE(probe->fired, probe->due);
  for (size_t i = 1; i < order.size(); ++i)
    EXPECT_LE(order[i - 1]->due, std::max(order[i]->due, order[i - 1]->fired));
}

TEST(Timer, StoppedOnesDoNotFire) {
  Loop loop;
  Probe stopped(loop);
  Probe last(loop);
  stopped.Start(5);
  last.Start(20);
  EXPECT_TRUE(stopped.timer.active());
  stopped.timer.Stop();
  EXPECT_FALSE(stopped.timer.active());
  while (loop.timers().size() > 0) uv_run(loop.uv(), UV_RUN_ONCE);
  EXPECT_EQ(stopped.fired, 0u);
  EXPECT_NE(last.fired, 0u);
}

TEST(Timer, RestartMovesIt) {
  Loop loop;
  Probe probe(loop);
  probe.Start(1'000'000);
  probe.Start(10);
  EXPECT_EQ(loop.timers().size(), 1u);
  while (loop.timers().size() > 0) uv_run(loop.uv(), UV_RUN_ONCE);
  EXPECT_GE(probe.fired, probe.due);
}

TEST(Timer, CallbackMayStopDestroyAndRestartOthers) {
  Loop loop;
  struct Group {
    explicit Group(Loop& loop) : loop(&loop) {}
    Loop* loop;
    Timer first;
    Timer second;
    std::unique_ptr<Timer> third = std::make_unique<Timer>();
    int first_fired = 0;
    bool other_fired = false;
  } group(loop);
  const auto other = [](void* self) { static_cast<Group*>(self)->other_fired = true; };
  group.first.Start(
      loop, 3,
      [](void* self) {
        auto* group = static_cast<Group*>(self);
        group->second.Stop();
        group->third.reset();
        if (++group->first_fired < 3) {
          group->first.Start(
              *group->loop, 0, [](void* self) { ++static_cast<Group*>(self)->first_fired; }, self);
        }
      },
      &group);
  group.second.Start(loop, 3, other, &group);
  group.third->Start(loop, 3, other, &group);
  while (loop.timers().size() > 0) uv_run(loop.uv(), UV_RUN_ONCE);
  EXPECT_EQ(group.first_fired, 2);
  EXPECT_FALSE(group.other_fired);
}

TEST(Timer, FarOnesDoNotDelayNearOnes) {
  Loop loop;
  std::vector<std::unique_ptr<Probe>> far;
  for (uint64_t delay = 1'000; delay < 10'000'000'000; delay *= 3) {
    far.push_back(std::make_unique<Probe>(loop));
    far.back()->Start(delay);
  }
  Probe near(loop);
  near.Start(30);
  while (near.timer.active()) uv_run(loop.uv(), UV_RUN_ONCE);
  EXPECT_GE(near.fired, near.due);
  EXPECT_EQ(loop.timers().size(), far.size());
}

TEST(Timer, SleepResumes) {
  Loop loop;
  bool done = false;
  auto body = [](Loop* loop, bool* done) -> Task<void> {
    co_await Sleep(*loop, 5);
    *done = true;
  };
  Task<void> task = body(&loop, &done);
  task.Start();
  EXPECT_FALSE(done);
  RunUntil(loop, done);
}

TEST(Timer, SleepIsAbandonedWithItsFrame) {
  Loop loop;
  auto body = [](Loop* loop) -> Task<void> { co_await Sleep(*loop, 5); };
  Task<void> task = body(&loop);
  task.Start();
  EXPECT_EQ(loop.timers().size(), 1u);
  task.Reset();
  EXPECT_EQ(loop.timers().size(), 0u);
}

}  // namespace
}  // namespace aisix::async
