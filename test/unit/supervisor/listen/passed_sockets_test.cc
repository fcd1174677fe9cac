#include "supervisor/listen/passed_sockets.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

#include "supervisor/listen/address.h"

namespace aisix::supervisor {
namespace {

class PassedSocketsTest : public ::testing::Test {
 protected:
  // Binds a socket under a name; returns its address.
  std::string Pass(const std::string& name, bool listening = true) {
    os::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Address any = *ParseAddress("127.0.0.1:0");
    EXPECT_EQ(::bind(socket.get(), any.pointer(), any.size), 0);
    if (listening) {
      EXPECT_EQ(::listen(socket.get(), 1), 0);
    }
    const std::string address = Format(*AddressOf(socket.get()));
    numbers_.push_back(socket.get());
    sockets_.push_back({name, std::move(socket)});
    return address;
  }

  std::string Refusal(const std::vector<config::ListenerSpec>& listeners) {
    const absl::Status status = AssignSockets(listeners, std::move(sockets_)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(status.message());
  }

  std::vector<PassedSocket> sockets_;
  std::vector<int> numbers_;
};

TEST_F(PassedSocketsTest, NamesAndAddressesLeadToListeners) {
  const std::string proxy = Pass("proxy");
  const std::string further = Pass("aisix.socket");
  const std::string metrics = Pass("metrics");
  auto assigned = AssignSockets({{"proxy", proxy, false},
                                 {"proxy.1", further, false},
                                 {"admin", "127.0.0.1:0", false},
                                 {"metrics", "127.0.0.1:0", false}},
                                std::move(sockets_));
  ASSERT_TRUE(assigned.ok()) << assigned.status();
  ASSERT_EQ(assigned->size(), 3u);
  EXPECT_EQ(assigned->at("proxy").get(), numbers_[0]);
  EXPECT_EQ(assigned->at("proxy.1").get(), numbers_[1]);
  EXPECT_EQ(assigned->at("metrics").get(), numbers_[2]);  // any port will do, so the name decides
}

TEST_F(PassedSocketsTest, ANameWithAnotherAddressIsRefused) {
  const std::string address = Pass("proxy");
  EXPECT_EQ(
      Refusal({{"proxy", "0.0.0.0:3000", false}}),
      fmt::format("socket activation: \"proxy\" listens on {}, but proxy.addr is 0.0.0.0:3000: make "
                  "ListenStream= of the socket unit and proxy.addr the same (ListenStream= with a port alone "
                  "means [::]:PORT)",
                  address));
}

TEST_F(PassedSocketsTest, ASocketForNobodyIsRefused) {
  const std::string address = Pass("web");
  EXPECT_EQ(
      Refusal({{"proxy", "0.0.0.0:3000", false}, {"admin", "127.0.0.1:0", false}}),
      fmt::format("socket activation: \"web\" on {} is no listener of this configuration, by name or by "
                  "address: FileDescriptorName= or ListenStream= of the socket unit must be that of one of: "
                  "proxy 0.0.0.0:3000, admin 127.0.0.1:0",
                  address));
}

TEST_F(PassedSocketsTest, TwoForOneListenerAreRefused) {
  const std::string proxy = Pass("proxy");
  Pass("proxy");
  const std::string port = proxy.substr(proxy.rfind(':'));
  EXPECT_NE(
      Refusal({{"proxy", "127.0.0.1:0", false}}).find("the proxy listener was given more than one socket"),
      std::string::npos);
}

TEST_F(PassedSocketsTest, OtherKindsOfSocketsAreRefused) {
  Pass("proxy", false);
  const std::string text = "is not a listening TCP socket";
  EXPECT_NE(Refusal({{"proxy", "127.0.0.1:0", false}}).find(text), std::string::npos);
  sockets_.clear();
  sockets_.push_back({"proxy", os::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))});
  EXPECT_NE(Refusal({{"proxy", "127.0.0.1:0", false}}).find(text), std::string::npos);
  sockets_.clear();
  os::UniqueFd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(local.get(), 1), -1);  // has no address
  sockets_.push_back({"proxy", std::move(local)});
  EXPECT_NE(Refusal({{"proxy", "127.0.0.1:0", false}}).find(text), std::string::npos);
}

}  // namespace
}  // namespace aisix::supervisor
