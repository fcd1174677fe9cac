#include "lib/async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "lib/async/event.h"
#include "lib/async/maybe.h"

namespace aisix::async {
namespace {

Task<int> Immediate(int value) {
  co_return value;
}

Maybe<int> Ready(int value) {
  return value;
}

Task<void> SumTasks(int count, int64_t* sum) {
  for (int i = 0; i < count; ++i) *sum += co_await Immediate(1);
}

Task<int> Deep(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await Deep(depth - 1);
  co_return below + 1;
}

TEST(Task, DoesNotRunBeforeItIsAwaited) {
  bool ran = false;
  auto body = [](bool* ran) -> Task<void> {
    *ran = true;
    co_return;
  };
  Task<void> task = body(&ran);
  EXPECT_FALSE(ran);
  task.Start();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(task.done());
}

TEST(Task, HundredThousandFinishedAwaitsKeepTheStack) {
  int64_t sum = 0;
  Task<void> task = SumTasks(100'000, &sum);
  task.Start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(sum, 100'000);
}

TEST(Task, ResultsPassThroughAThousandLevels) {
  int result = 0;
  auto body = [](int* result) -> Task<void> { *result = co_await Deep(1000); };
  Task<void> task = body(&result);
  task.Start();
  EXPECT_EQ(result, 1000);
}

TEST(Task, DestroyingASuspendedTaskDestroysWhatItAwaits) {
  auto alive = std::make_shared<int>(1);
  Event event;
  auto inner = [](Event* event, std::shared_ptr<int> alive) -> Task<void> {
    co_await event->Wait();
    *alive = 2;
  };
  auto outer = [&inner](Event* event, std::shared_ptr<int> alive) -> Task<void> {
    Task<void> task = inner(event, std::move(alive));
    co_await task;
  };
  Task<void> task = outer(&event, alive);
  task.Start();
  EXPECT_TRUE(event.has_waiter());
  EXPECT_EQ(alive.use_count(), 2);
  task.Reset();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(event.has_waiter());
  event.Set();  // resumes nobody
  EXPECT_EQ(*alive, 1);
}

TEST(Task, DetachRunsOnAndFreesItself) {
  auto alive = std::make_shared<int>(1);
  Event event;
  auto body = [](Event* event, std::shared_ptr<int> alive) -> Task<void> {
    co_await event->Wait();
    *alive = 2;
  };
  Detach(body(&event, alive));
  EXPECT_EQ(*alive, 1);
  event.Set();
  EXPECT_EQ(*alive, 2);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(Task, MoveOnlyResults) {
  auto body = []() -> Task<std::unique_ptr<std::string>> { co_return std::make_unique<std::string>("x"); };
  std::string got;
  auto caller = [&body](std::string* got) -> Task<void> {
    std::unique_ptr<std::string> text = co_await body();
    *got = *text;
  };
  Task<void> task = caller(&got);
  task.Start();
  EXPECT_EQ(got, "x");
}

TEST(Maybe, ValueNeedsNoSuspension) {
  int sum = 0;
  auto body = [](int* sum) -> Task<void> {
    for (int i = 0; i < 100'000; ++i) *sum += co_await Ready(1);
  };
  Task<void> task = body(&sum);
  task.Start();
  EXPECT_EQ(sum, 100'000);
}

TEST(Maybe, TaskIsAwaited) {
  Event event;
  auto slow = [](Event* event) -> Task<int> {
    co_await event->Wait();
    co_return 7;
  };
  int got = 0;
  auto body = [&slow](Event* event, int* got) -> Task<void> {
    Maybe<int> maybe = slow(event);
    *got = co_await maybe;
  };
  Task<void> task = body(&event, &got);
  task.Start();
  EXPECT_EQ(got, 0);
  event.Set();
  EXPECT_EQ(got, 7);
}

TEST(Maybe, VoidIsDoneOrWaits) {
  Event event;
  bool done = false;
  auto slow = [](Event* event) -> Task<void> { co_await event->Wait(); };
  auto body = [&slow](Event* event, bool* done) -> Task<void> {
    Maybe<void> now;
    co_await now;
    Maybe<void> later = slow(event);
    co_await later;
    *done = true;
  };
  Task<void> task = body(&event, &done);
  task.Start();
  EXPECT_FALSE(done);
  event.Set();
  EXPECT_TRUE(done);
}

TEST(Event, SetBeforeWaitIsRemembered) {
  Event event;
  event.Set();
  int rounds = 0;
  auto body = [](Event* event, int* rounds) -> Task<void> {
    while (true) {
      co_await event->Wait();
      ++*rounds;
    }
  };
  Task<void> task = body(&event, &rounds);
  task.Start();
  EXPECT_EQ(rounds, 1);
  event.Set();
  EXPECT_EQ(rounds, 2);
}

TEST(Event, MayGoBeforeItsWaiter) {
  auto event = std::make_unique<Event>();
  auto body = [](Event* event) -> Task<void> { co_await event->Wait(); };
  Task<void> task = body(event.get());
  task.Start();
  event.reset();
  task.Reset();
}

}  // namespace
}  // namespace aisix::async
