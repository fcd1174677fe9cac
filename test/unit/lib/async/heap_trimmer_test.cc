#include "lib/async/heap_trimmer.h"

#include <gtest/gtest.h>

#include "lib/async/loop.h"
#include "lib/async/task.h"

namespace aisix::async {
namespace {

constexpr size_t kMuch = 4 * HeapTrimmer::kWorthwhile;

class HeapTrimmerTest : public testing::Test {
 protected:
  // Runs the loop until whatever the trimmer had started has fired.
  void RunLoop() {
    end_.Start(
        loop_, 3, [](void* loop) { static_cast<Loop*>(loop)->Stop(); }, &loop_);
    loop_.Run();
  }
  Loop loop_;
  HeapTrimmer heap_{loop_, 1};
  Timer end_;
};

TEST_F(HeapTrimmerTest, TrimsOnceWhenMuchLessIsHeld) {
  heap_.Grew(kMuch);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 0u);
  for (int i = 0; i < 4; ++i) heap_.Shrank(HeapTrimmer::kWorthwhile);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 1u);
  EXPECT_EQ(heap_.held(), 0u);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 1u);
}

TEST_F(HeapTrimmerTest, LittleIsNotWorthIt) {
  heap_.Grew(kMuch);
  heap_.Shrank(HeapTrimmer::kWorthwhile - 1);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 0u);
  heap_.Shrank(1);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 1u);
}

TEST_F(HeapTrimmerTest, WhatComesBackWasNoEnd) {
  heap_.Grew(kMuch);
  heap_.Shrank(HeapTrimmer::kWorthwhile);
  heap_.Grew(HeapTrimmer::kWorthwhile);
  RunLoop();
  EXPECT_EQ(heap_.trims(), 0u);
}

Task<int> Answer() {
  co_return 42;
}

TEST(TrimHeap, LeavesTheLoopAtWork) {
  Loop loop;
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    Task<void> task = [](int& out) -> Task<void> { out += co_await Answer(); }(sum);
    task.Start();
    task.Reset();
    TrimHeap();
  }
  EXPECT_EQ(sum, 126);
}

}  // namespace
}  // namespace aisix::async
