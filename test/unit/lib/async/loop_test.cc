#include "lib/async/loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace aisix::async {
namespace {

TEST(Loop, RunsPostedFunctionsInOrderFromManyThreads) {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  std::vector<int> last(kThreads, -1);
  int total = 0;
  bool ordered = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.Post([&, t, i] {
          ordered = ordered && last[t] == i - 1;
          last[t] = i;
          if (++total == kThreads * kEach) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(total, kThreads * kEach);
}

TEST(Loop, StopBeforeRunEndsIt) {
  Loop loop;
  loop.Stop();
  loop.Run();
  bool ran = false;
  loop.Post([&] {
    ran = true;
    loop.Stop();
  });
  loop.Run();
  EXPECT_TRUE(ran);
}

TEST(Loop, PostedFunctionsThatNeverRanAreDestroyed) {
  auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.Post([token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, DeferredRunsBeforeTheLoopWaits) {
  Loop loop;
  struct State {
    explicit State(Loop& loop) : loop(&loop) {}
    Loop* loop;
    Deferred first;
    Deferred second;
    std::vector<int> order;
  } state(loop);
  loop.Post([&state] {
    state.first.Schedule(
        *state.loop,
        [](void* self) {
          auto* state = static_cast<State*>(self);
          state->order.push_back(2);
          state->second.Schedule(
              *state->loop,
              [](void* self) {
                auto* state = static_cast<State*>(self);
                state->order.push_back(3);
                state->loop->Stop();
              },
              self);
        },
        &state);
    state.first.Schedule(*state.loop, nullptr, nullptr);  // queued already
    state.order.push_back(1);
  });
  loop.Run();
  EXPECT_EQ(state.order, (std::vector<int>{1, 2, 3}));
}

TEST(Loop, ADeferredThatSchedulesItselfStarvesNobody) {
  Loop loop;
  struct State {
    explicit State(Loop& loop) : loop(&loop) {}
    Loop* loop;
    Deferred deferred;
    int rounds = 0;
    static void Again(void* self) {
      auto* state = static_cast<State*>(self);
      if (++state->rounds < 1'000'000'000) state->deferred.Schedule(*state->loop, Again, state);
    }
  } state(loop);
  state.deferred.Schedule(loop, State::Again, &state);
  Timer timer;
  timer.Start(
      loop, 5, [](void* loop) { static_cast<Loop*>(loop)->Stop(); }, &loop);
  loop.Run();
  EXPECT_GT(state.rounds, 0);
  EXPECT_LT(state.rounds, 1'000'000'000);
}

TEST(Loop, DeferredIsCancelledWithItsOwner) {
  Loop loop;
  bool ran = false;
  {
    Deferred deferred;
    deferred.Schedule(
        loop, [](void* ran) { *static_cast<bool*>(ran) = true; }, &ran);
    EXPECT_TRUE(deferred.scheduled());
  }
  loop.Post([&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace aisix::async
