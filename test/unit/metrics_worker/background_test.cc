#include "metrics_worker/background.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace aisix::metrics_zone {
namespace {

TEST(Background, WorkRunsElsewhereAndEndsOnTheLoop) {
  async::Loop loop;
  Background background(loop, 2);
  std::thread::id worked;
  std::thread::id done;
  background.Run([&] { worked = std::this_thread::get_id(); },
                 [&] {
                   done = std::this_thread::get_id();
                   loop.Stop();
                 });
  loop.Run();
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(done, std::this_thread::get_id());
}

// Two waiting calls do not wait for one another.
TEST(Background, WorkRunsSideBySide) {
  async::Loop loop;
  Background background(loop, 2);
  std::promise<void> first;
  std::promise<void> second;
  std::atomic<int> done{0};
  auto finished = [&] {
    if (++done == 2) loop.Stop();
  };
  background.Run(
      [&] {
        first.set_value();
        second.get_future().wait();
      },
      finished);
  background.Run(
      [&] {
        second.set_value();
        first.get_future().wait();
      },
      finished);
  loop.Run();
  EXPECT_EQ(done, 2);
}

TEST(Background, TheDestructorWaitsForRunningWork) {
  async::Loop loop;
  std::promise<void> running;
  std::promise<void> leave;
  std::atomic<bool> finished{false};
  auto background = std::make_unique<Background>(loop, 1);
  background->Run(
      [&] {
        running.set_value();
        leave.get_future().wait();
        finished = true;
      },
      [] {});
  running.get_future().wait();
  std::thread release([&] { leave.set_value(); });
  background.reset();
  EXPECT_TRUE(finished);
  release.join();
}

}  // namespace
}  // namespace aisix::metrics_zone
