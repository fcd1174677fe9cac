#include "lib/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/net/dialer.h"

namespace aisix::net {
namespace {

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    socket_ = os::UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof address_;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(listen(socket_.get(), 64), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  uint16_t port() const { return ntohs(address_.sin_port); }
  os::UniqueFd Connect() {
    os::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    return fd;
  }
  template <typename Condition>
  void Until(Condition done) {
    for (int i = 0; i < 20'000 && !done(); ++i) {
      uv_run(loop_.uv(), UV_RUN_NOWAIT);
      usleep(500);
    }
    EXPECT_TRUE(done());
  }

  async::Loop loop_;
  sockaddr_in address_{};
  os::UniqueFd socket_;
};

TEST_F(ListenerTest, AcceptsWithPeerAddressAndNoDelay) {
  std::vector<os::UniqueFd> accepted;
  Address peer;
  auto listener = Listener::Start(loop_, std::move(socket_), [&](os::UniqueFd fd, const Address& from) {
    accepted.push_back(std::move(fd));
    peer = from;
  });
  ASSERT_TRUE(listener.ok());
  os::UniqueFd client = Connect();
  Until([&] { return accepted.size() == 1; });
  sockaddr_in own{};
  socklen_t size = sizeof own;
  getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size);
  EXPECT_EQ(peer.ToString(), "127.0.0.1:" + std::to_string(ntohs(own.sin_port)));
  int no_delay = 0;
  size = sizeof no_delay;
  getsockopt(accepted[0].get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_EQ(no_delay, 1);
  EXPECT_NE(fcntl(accepted[0].get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(accepted[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ListenerTest, MayBeDestroyedByItsCallback) {
  int count = 0;
  absl::StatusOr<std::unique_ptr<Listener>> listener = nullptr;
  os::UniqueFd one = Connect();
  os::UniqueFd two = Connect();
  listener = Listener::Start(loop_, std::move(socket_), [&](os::UniqueFd, const Address&) {
    ++count;
    listener->reset();
  });
  Until([&] { return count > 0; });
  for (int i = 0; i < 10; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(count, 1);
}

TEST_F(ListenerTest, WaitsWhenDescriptorsRunOut) {
  std::vector<os::UniqueFd> accepted;
  auto listener = Listener::Start(
      loop_, std::move(socket_), [&](os::UniqueFd fd, const Address&) { accepted.push_back(std::move(fd)); });
  ASSERT_TRUE(listener.ok());
  os::UniqueFd client = Connect();
  const Listener& waiting = **listener;
  uv_loop_t* const uv = loop_.uv();
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  // Only locals from here on: the undefined-behaviour sanitizer looks at objects through a pipe, which cannot
  // be had.
  for (int i = 0; i < 20'000 && waiting.failures() == 0; ++i) {
    uv_run(uv, UV_RUN_NOWAIT);
    usleep(500);
  }
  // The connection is still there, and still nothing is tried: no spinning.
  const uint64_t failures = waiting.failures();
  for (int i = 0; i < 1000; ++i) uv_run(uv, UV_RUN_NOWAIT);
  const uint64_t later = waiting.failures();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GT(failures, 0u);
  EXPECT_LE(later, failures + 1);
  Until([&] { return accepted.size() == 1; });
}

TEST_F(ListenerTest, DirectDialerConnectsAndExplainsRefusals) {
  DirectDialer dialer(loop_);
  std::optional<absl::StatusOr<os::UniqueFd>> result;
  const auto dial = [&](std::string host, uint16_t port) {
    auto body = [](DirectDialer* dialer, std::string host, uint16_t port,
                   std::optional<absl::StatusOr<os::UniqueFd>>* result) -> async::Task<void> {
      absl::StatusOr<os::UniqueFd> fd = co_await dialer->Dial(host, port, 5'000);
      result->emplace(std::move(fd));
    };
    result.reset();
    async::Task<void> task = body(&dialer, std::move(host), port, &result);
    task.Start();
    Until([&] { return result.has_value(); });
  };
  dial("127.0.0.1", port());
  EXPECT_TRUE(result->ok());
  dial("name.invalid", port());
  EXPECT_EQ(result->status().code(), absl::StatusCode::kNotFound);
  const uint16_t gone = port();
  socket_.reset();
  dial("127.0.0.1", gone);
  EXPECT_EQ(result->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(result->status().message(), "connection refused");
}

}  // namespace
}  // namespace aisix::net
