#include "admin_worker/source/etcd/client/resolving_dialer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "test/unit/lib/net/loopback_socket.h"

namespace aisix::admin::etcd {
namespace {

class ResolvingDialerTest : public ::testing::Test {
 protected:
  absl::StatusOr<os::UniqueFd> Dial(const std::string& host, uint16_t port, const std::string& hosts,
                                    uint64_t timeout_ms = 5000) {
    // No name server: the discard port of the loopback.
    ResolvingDialer dialer(loop_, dns::ParseSettings("nameserver 127.0.0.1:9\n", hosts, {}));
    std::optional<absl::StatusOr<os::UniqueFd>> result;
    async::Task<void> task = Run(dialer, host, port, timeout_ms, result);
    task.Start();
    if (!result) loop_.Run();
    return *std::move(result);
  }

 private:
  async::Task<void> Run(ResolvingDialer& dialer, std::string host, uint16_t port, uint64_t timeout_ms,
                        std::optional<absl::StatusOr<os::UniqueFd>>& result) {
    absl::StatusOr<os::UniqueFd> socket = co_await dialer.Dial(host, port, timeout_ms);
    result.emplace(std::move(socket));
    loop_.Stop();
  }

  async::Loop loop_;
};

TEST_F(ResolvingDialerTest, AddressesAndNames) {
  const net::LoopbackSocket listener(true);
  EXPECT_TRUE(Dial("127.0.0.1", listener.port, "").ok());
  EXPECT_TRUE(Dial("localhost", listener.port, "").ok());
  EXPECT_TRUE(Dial("etcd.test", listener.port, "127.0.0.1 etcd.test\n").ok());
}

TEST_F(ResolvingDialerTest, EveryAddressIsTried) {
  const net::LoopbackSocket listener(true, SOCK_STREAM, "127.0.0.3");
  EXPECT_TRUE(Dial("etcd.test", listener.port, "127.0.0.2 etcd.test\n127.0.0.3 etcd.test\n").ok());
}

TEST_F(ResolvingDialerTest, NoAddressAnswers) {
  const net::LoopbackSocket closed(false);
  EXPECT_TRUE(absl::IsUnavailable(Dial("etcd.test", closed.port, "127.0.0.1 etcd.test\n").status()));
}

TEST_F(ResolvingDialerTest, ANameThatNobodyKnows) {
  EXPECT_FALSE(Dial("nowhere.test", 1, "", 300).ok());
}

}  // namespace
}  // namespace aisix::admin::etcd
