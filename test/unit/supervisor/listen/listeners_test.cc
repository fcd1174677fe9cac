#include "supervisor/listen/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::supervisor {
namespace {

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

os::UniqueFd Connect(uint16_t port) {
  os::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) socket.reset();
  return socket;
}

TEST(Listeners, OneSocketPerLoopOnOnePort) {
  absl::StatusOr<Listeners> listeners =
      Listeners::Bind({{"proxy", "127.0.0.1:0", true}}, {.proxy_sockets = 3});
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const std::vector<const control::Message*> messages = *listeners->Prepare(Zone::kProxy);
  ASSERT_EQ(messages.size(), 3u);
  const uint16_t port = PortOf(messages[0]->fd.get());
  EXPECT_NE(port, 0);
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i]->name, "proxy");
    EXPECT_EQ(messages[i]->number, i);
    const int fd = messages[i]->fd.get();
    EXPECT_EQ(PortOf(fd), port);
    EXPECT_EQ(Option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    EXPECT_EQ(Option(fd, SOL_SOCKET, SO_REUSEPORT), 1);
    EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  ASSERT_EQ(listeners->bound().size(), 1u);
  EXPECT_EQ(listeners->bound()[0].address, fmt::format("127.0.0.1:{}", port));
  EXPECT_TRUE(listeners->bound()[0].tls);
}

TEST(Listeners, EachGoesToItsZone) {
  absl::StatusOr<Listeners> listeners = Listeners::Bind({{"proxy", "127.0.0.1:0", false},
                                                         {"proxy.1", "127.0.0.1:0", false},
                                                         {"admin", "127.0.0.1:0", false},
                                                         {"metrics", "[::1]:0", false}},
                                                        {.proxy_sockets = 2});
  if (!listeners.ok()) {  // a host without IPv6
    GTEST_SKIP() << listeners.status();
  }
  EXPECT_EQ(listeners->Prepare(Zone::kProxy)->size(), 4u);
  EXPECT_EQ(listeners->Prepare(Zone::kAdmin)->size(), 1u);
  EXPECT_EQ(listeners->Prepare(Zone::kMetrics)->size(), 1u);
  EXPECT_TRUE(listeners->Prepare(Zone::kEgress)->empty());
  EXPECT_TRUE(listeners->bound()[3].address.starts_with("[::1]:"));
}

TEST(Listeners, AnAddressInUseIsRefusedEvenWhereThePortCouldBeShared) {
  absl::StatusOr<Listeners> first = Listeners::Bind({{"proxy", "127.0.0.1:0", false}}, {.proxy_sockets = 2});
  ASSERT_TRUE(first.ok());
  const std::string address = first->bound()[0].address;
  const auto first_line = [&](const std::string& name, uint32_t sockets) {
    const absl::Status status =
        Listeners::Bind({{name, address, false}}, {.proxy_sockets = sockets}).status();
    const std::string text(status.message());
    return text.substr(0, text.find('\n'));
  };
  const std::string failed = fmt::format("bind {} failed: Address already in use (os error 98)", address);
  for (const uint32_t sockets : {1, 2}) {
    EXPECT_EQ(first_line("proxy", sockets), "proxy serve error: proxy listener " + failed);
  }
  EXPECT_EQ(first_line("metrics", 1), "metrics listener " + failed);
  EXPECT_EQ(first_line("admin", 1), "admin serve error: admin listener " + failed);
}

TEST(Listeners, TwoOfOneConfigurationInEachOthersWayAreNamed) {
  const std::string address =
      Listeners::Bind({{"proxy", "127.0.0.1:0", false}}, {.proxy_sockets = 1})->bound()[0].address;
  const std::string port = address.substr(address.rfind(':'));
  const absl::Status status =
      Listeners::Bind({{"proxy", "0.0.0.0" + port, false}, {"proxy.1", address, false}}, {.proxy_sockets = 2})
          .status();
  EXPECT_NE(
      status.message().find("proxy.addr and proxy.listeners[0].addr of this configuration ask for the same"),
      std::string::npos)
      << status;
}

TEST(Listeners, APassedSocketServesAllLoops) {
  os::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address any = *ParseAddress("127.0.0.1:0");
  ASSERT_EQ(::bind(socket.get(), any.pointer(), any.size), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  const int fd = socket.get();
  const std::string address = Format(*AddressOf(fd));
  Listeners::Options options;
  options.proxy_sockets = 3;
  options.passed.push_back({"unknown", std::move(socket)});
  absl::StatusOr<Listeners> listeners =
      Listeners::Bind({{"proxy", address, true}, {"admin", "127.0.0.1:0", false}}, std::move(options));
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const std::vector<const control::Message*> messages = *listeners->Prepare(Zone::kProxy);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]->fd.get(), fd);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(listeners->bound()[0].address, address);
  EXPECT_TRUE(listeners->bound()[0].passed);
  EXPECT_FALSE(listeners->bound()[1].passed);
}

TEST(Listeners, ALaterImageGoesOnWithTheSockets) {
  const std::vector<config::ListenerSpec> specs{{"proxy", "127.0.0.1:0", false},
                                                {"metrics", "127.0.0.1:0", false}};
  absl::StatusOr<Listeners> first = Listeners::Bind(specs, {.proxy_sockets = 2});
  ASSERT_TRUE(first.ok()) << first.status();
  std::vector<control::Message> handed_over;
  for (const control::Message& socket : first->sockets()) {
    control::Message copy;
    copy.type = socket.type;
    copy.name = socket.name;
    copy.number = socket.number;
    copy.fd = os::UniqueFd(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 0));
    handed_over.push_back(std::move(copy));
  }
  absl::StatusOr<Listeners> second = Listeners::Adopt(specs, std::move(handed_over));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->Prepare(Zone::kProxy)->size(), 2u);
  EXPECT_EQ(second->Prepare(Zone::kMetrics)->size(), 1u);
  for (size_t i = 0; i < specs.size(); ++i) EXPECT_EQ(second->bound()[i].address, first->bound()[i].address);
  EXPECT_FALSE(Listeners::Adopt(specs, {}).ok());
}

TEST(Listeners, ConnectionsQueueWithoutAWorker) {
  absl::StatusOr<Listeners> listeners =
      Listeners::Bind({{"proxy", "127.0.0.1:0", false}}, {.proxy_sockets = 1});
  ASSERT_TRUE(listeners.ok());
  const int fd = (*listeners->Prepare(Zone::kProxy))[0]->fd.get();
  std::vector<os::UniqueFd> clients;
  for (int i = 0; i < 300; ++i) {  // more than the usual backlog of 128
    clients.push_back(Connect(PortOf(fd)));
    ASSERT_TRUE(clients.back().valid()) << i;
  }
}

TEST(Listeners, APortThatTheKernelChoseOutlivesAShutdown) {
  absl::StatusOr<Listeners> listeners = Listeners::Bind({{"metrics", "127.0.0.1:0", false}}, {});
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const int fd = (*listeners->Prepare(Zone::kMetrics))[0]->fd.get();
  const uint16_t port = PortOf(fd);
  EXPECT_EQ(listeners->bound()[0].address, fmt::format("127.0.0.1:{}", port));
  ASSERT_EQ(::shutdown(fd, SHUT_RDWR), 0);
  ASSERT_TRUE(listeners->Prepare(Zone::kMetrics).ok());
  EXPECT_EQ(PortOf(fd), port);
}

TEST(Listeners, TwiceShutDownAListenerServesAgain) {
  absl::StatusOr<Listeners> listeners = Listeners::Bind({{"metrics", "127.0.0.1:0", false}}, {});
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const int fd = (*listeners->Prepare(Zone::kMetrics))[0]->fd.get();
  ASSERT_EQ(::shutdown(fd, SHUT_RDWR), 0);
  ASSERT_NE(::shutdown(fd, SHUT_RDWR), 0);  // and yet it has an effect
  ASSERT_TRUE(listeners->Prepare(Zone::kMetrics).ok());
  const os::UniqueFd client = Connect(PortOf(fd));
  ASSERT_TRUE(client.valid());
  pollfd waiting{fd, POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
  const os::UniqueFd accepted(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  ASSERT_TRUE(accepted.valid());
  char byte = 0;
  EXPECT_EQ(::recv(accepted.get(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN) << "not the end of the connection";
}

TEST(Listeners, PrepareUndoesWhatAWorkerDid) {
  absl::StatusOr<Listeners> listeners =
      Listeners::Bind({{"proxy", "127.0.0.1:0", false}}, {.proxy_sockets = 1});
  ASSERT_TRUE(listeners.ok()) << listeners.status();
  const int fd = (*listeners->Prepare(Zone::kProxy))[0]->fd.get();
  const uint16_t port = PortOf(fd);
  ASSERT_EQ(::shutdown(fd, SHUT_RDWR), 0);
  ASSERT_EQ(::fcntl(fd, F_SETFL, 0), 0);
  EXPECT_FALSE(Connect(port).valid());
  ASSERT_TRUE(listeners->Prepare(Zone::kProxy).ok());
  EXPECT_TRUE(Connect(port).valid());
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace aisix::supervisor
