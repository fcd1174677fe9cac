#include "egress_worker/connector.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <optional>

#include "egress_worker/address_rules.h"
#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::egress {
namespace {

using net::LoopbackSocket;

int IntOption(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, level, name, &value, &size);
  return value;
}

class ConnectorTest : public ::testing::Test {
 protected:
  absl::StatusOr<os::UniqueFd> Connect(std::vector<net::Address> addresses, ConnectOptions options = {}) {
    std::optional<absl::StatusOr<os::UniqueFd>> result;
    Connector connector(loop_, std::move(addresses), options, [&](absl::StatusOr<os::UniqueFd> fd) {
      result = std::move(fd);
      loop_.Stop();
    });
    connector.Start();
    if (!result.has_value()) loop_.Run();
    return *std::move(result);
  }
  async::Loop loop_;
};

TEST_F(ConnectorTest, SocketOptions) {
  LoopbackSocket listener(true);
  ConnectOptions options;
  options.keep_alive = {61, 31, 4};
  absl::StatusOr<os::UniqueFd> fd = Connect({listener.address()}, options);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(IntOption(fd->get(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(IntOption(fd->get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(IntOption(fd->get(), IPPROTO_TCP, TCP_KEEPIDLE), 61);
  EXPECT_EQ(IntOption(fd->get(), IPPROTO_TCP, TCP_KEEPINTVL), 31);
  EXPECT_EQ(IntOption(fd->get(), IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_TRUE(listener.Accept().valid());
}

TEST_F(ConnectorTest, RefusedConnectionSaysSo) {
  LoopbackSocket closed(false);
  EXPECT_EQ(Connect({closed.address()}).status(), absl::UnavailableError("connection refused"));
}

TEST_F(ConnectorTest, TheNextAddressIsTriedAfterAFailure) {
  LoopbackSocket closed(false);
  LoopbackSocket listener(true);
  absl::StatusOr<os::UniqueFd> fd = Connect({closed.address(), closed.address(), listener.address()});
  ASSERT_TRUE(fd.ok()) << fd.status();
}

// An address that does not answer does not hold up the next one: a full backlog drops the handshake.
TEST_F(ConnectorTest, TheNextAddressIsTriedBesideASilentOne) {
  LoopbackSocket silent(false);
  ASSERT_EQ(listen(silent.fd.get(), 0), 0);
  std::vector<os::UniqueFd> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(silent.port);
    (void)::connect(fillers.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  LoopbackSocket listener(true);
  ConnectOptions options;
  options.stagger_ms = 5;
  absl::StatusOr<os::UniqueFd> fd = Connect({silent.address(), listener.address()}, options);
  ASSERT_TRUE(fd.ok()) << fd.status();
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  ASSERT_EQ(getpeername(fd->get(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(ntohs(peer.sin_port), listener.port);
}

TEST_F(ConnectorTest, DestroyingItGivesUp) {
  LoopbackSocket listener(true);
  bool called = false;
  {
    Connector connector(loop_, {listener.address()}, {},
                        [&](absl::StatusOr<os::UniqueFd>) { called = true; });
    connector.Start();
  }
  async::Timer timer;
  timer.Start(
      loop_, 1, [](void* loop) { static_cast<async::Loop*>(loop)->Stop(); }, &loop_);
  loop_.Run();
  EXPECT_FALSE(called);
}

TEST(Interleave, FamiliesAlternate) {
  auto texts = [](std::vector<const char*> ips) {
    std::vector<net::Address> addresses;
    for (const char* ip : ips) addresses.push_back(net::ParseAddress(ip, 1));
    std::string result;
    for (const net::Address& address : Interleave(addresses)) result += address.Ip() + " ";
    return result;
  };
  EXPECT_EQ(texts({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}), "::1 1.1.1.1 ::2 2.2.2.2 ::3 ");
  EXPECT_EQ(texts({"1.1.1.1", "::1"}), "1.1.1.1 ::1 ");
  EXPECT_EQ(texts({"::1"}), "::1 ");
}

}  // namespace
}  // namespace aisix::egress
