#include "supervisor/run/event_loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "lib/os/socket_pair.h"

namespace aisix::supervisor {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, TimersRunInTheOrderOfTheirTime) {
  EventLoop loop;
  std::string order;
  loop.After(milliseconds(20), [&] {
    order += "c";
    loop.Stop();
  });
  loop.After(milliseconds(1), [&] { order += "a"; });
  loop.After(milliseconds(10), [&] { order += "b"; });
  loop.Run();
  EXPECT_EQ(order, "abc");
}

TEST(EventLoop, ACancelledTimerDoesNotRun) {
  EventLoop loop;
  bool ran = false;
  const uint64_t timer = loop.After(milliseconds(1), [&] { ran = true; });
  loop.Cancel(timer);
  loop.Cancel(0);
  loop.After(milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(ran);
}

TEST(EventLoop, InputAndEndOfFileWakeIt) {
  os::SocketPair pair = *os::CreatePacketPair();
  EventLoop loop;
  std::string seen;
  loop.Watch(pair.first.get(), [&] {
    char byte;
    const ssize_t size = ::read(pair.first.get(), &byte, 1);
    if (size == 1) {
      seen += byte;
      pair.second.reset();
    } else if (size == 0) {
      seen += "!";
      loop.Stop();
    }
  });
  ASSERT_EQ(::write(pair.second.get(), "a", 1), 1);
  loop.Run();
  EXPECT_EQ(seen, "a!");
}

TEST(EventLoop, ACallbackMayUnwatchItselfAndOthers) {
  os::SocketPair first = *os::CreatePacketPair();
  os::SocketPair second = *os::CreatePacketPair();
  EventLoop loop;
  int calls = 0;
  const auto callback = [&] {
    ++calls;
    loop.Unwatch(first.first.get());
    loop.Unwatch(second.first.get());
  };
  loop.Watch(first.first.get(), callback);
  loop.Watch(second.first.get(), callback);
  ASSERT_EQ(::write(first.second.get(), "a", 1), 1);
  ASSERT_EQ(::write(second.second.get(), "a", 1), 1);
  loop.After(milliseconds(10), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace aisix::supervisor
