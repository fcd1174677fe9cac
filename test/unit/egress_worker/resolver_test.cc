#include "egress_worker/resolver.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::egress {
namespace {

using net::LoopbackSocket;

// A name server for the tests: one A record for names that begin with "known", NXDOMAIN for all others.
class NameServer {
 public:
  NameServer() : socket_(false, SOCK_DGRAM), thread_([this] { Serve(); }) {}
  ~NameServer() {
    stop_ = true;
    // Wakes the receiver.
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(socket_.port);
    sendto(socket_.fd.get(), "", 0, 0, reinterpret_cast<sockaddr*>(&address), sizeof address);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.port); }
  int queries() const { return queries_; }

 private:
  void Serve() {
    while (true) {
      std::array<uint8_t, 512> packet{};
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      ssize_t length = recvfrom(socket_.fd.get(), packet.data(), packet.size(), 0,
                                reinterpret_cast<sockaddr*>(&peer), &size);
      if (stop_) return;
      if (length < 17) continue;
      ++queries_;
      size_t end = 12;
      while (packet[end] != 0) end += packet[end] + 1;
      bool is_a = packet[end + 2] == 1;
      bool known = std::string(reinterpret_cast<char*>(&packet[13]), 5) == "known";
      size_t total = end + 5;
      std::vector<uint8_t> reply(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(total));
      reply[2] = 0x81;
      reply[3] = known ? 0x80 : 0x83;
      reply[6] = reply[8] = reply[9] = reply[10] = reply[11] = 0;
      reply[7] = known && is_a ? 1 : 0;
      if (known && is_a) {
        const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 7};
        reply.insert(reply.end(), std::begin(record), std::end(record));
      }
      sendto(socket_.fd.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  LoopbackSocket socket_;
  std::atomic<bool> stop_{false};
  std::atomic<int> queries_{0};
  std::thread thread_;
};

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    auto resolver = Resolver::Make(loop_, {server_.address()});
    ASSERT_TRUE(resolver.ok()) << resolver.status();
    resolver_ = *std::move(resolver);
  }
  Resolver::Result Resolve(const std::string& host) {
    std::optional<Resolver::Result> result;
    resolver_->Resolve(host, [&](const Resolver::Result& answer) {
      result = answer;
      loop_.Stop();
    });
    loop_.Run();
    return *result;
  }

  NameServer server_;
  async::Loop loop_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, AddressesAndLocalhostNeedNoServer) {
  EXPECT_EQ(Resolve("192.0.2.1")->front().Ip(), "192.0.2.1");
  EXPECT_EQ(Resolve("2001:db8::1")->front().Ip(), "2001:db8::1");
  Resolver::Result local = Resolve("localhost");
  ASSERT_EQ(local->size(), 2u);
  EXPECT_EQ((*local)[1].Ip(), "127.0.0.1");
  EXPECT_EQ(server_.queries(), 0);
}

TEST_F(ResolverTest, ANameIsAsked) {
  Resolver::Result result = Resolve("known.example");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->size(), 1u);
  EXPECT_EQ(result->front().Ip(), "192.0.2.7");
}

TEST_F(ResolverTest, AnUnknownNameIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Resolve("missing.example").status()));
}

TEST_F(ResolverTest, LookUpsOfOneNameShareAQuery) {
  int answers = 0;
  for (int i = 0; i < 10; ++i) {
    resolver_->Resolve("known.example", [&](const Resolver::Result& result) {
      EXPECT_TRUE(result.ok());
      if (++answers == 10) loop_.Stop();
    });
  }
  loop_.Run();
  EXPECT_LE(server_.queries(), 2);  // A and AAAA
}

TEST_F(ResolverTest, ACallbackMayAskAgain) {
  std::optional<Resolver::Result> second;
  resolver_->Resolve("known.example", [&](const Resolver::Result&) {
    resolver_->Resolve("known.example", [&](const Resolver::Result& result) {
      second = result;
      loop_.Stop();
    });
  });
  loop_.Run();
  EXPECT_TRUE(second->ok());
}

TEST_F(ResolverTest, ReloadKeepsResolving) {
  ASSERT_TRUE(Resolve("known.example").ok());
  resolver_->Reload();
  EXPECT_TRUE(Resolve("known2.example").ok());
}

TEST_F(ResolverTest, DestroyedWhileAsking) {
  resolver_->Resolve("known.example", [](const Resolver::Result&) { ADD_FAILURE(); });
  resolver_.reset();
}

}  // namespace
}  // namespace aisix::egress
