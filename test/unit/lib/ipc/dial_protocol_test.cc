#include "lib/ipc/dial_protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/os/socket_pair.h"

namespace aisix::ipc {
namespace {

class DialProtocol : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    client_ = std::move(pair->first);
    server_ = std::move(pair->second);
  }
  os::UniqueFd client_;
  os::UniqueFd server_;
};

TEST_F(DialProtocol, RequestsRoundTrip) {
  EXPECT_FALSE(ReceiveDialRequest(server_.get())->has_value());
  DialRequest request{0x123456789abcdef0, 5000, false, "api.example.com:443"};
  ASSERT_TRUE(SendDialRequest(client_.get(), request).ok());
  DialRequest cancel{7, 0, true, ""};
  ASSERT_TRUE(SendDialRequest(client_.get(), cancel).ok());
  auto first = ReceiveDialRequest(server_.get());
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->id, 0x123456789abcdef0u);
  EXPECT_EQ((*first)->timeout_ms, 5000u);
  EXPECT_FALSE((*first)->cancel);
  EXPECT_EQ((*first)->destination, "api.example.com:443");
  auto second = ReceiveDialRequest(server_.get());
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_TRUE((*second)->cancel);
}

TEST_F(DialProtocol, ConnectedReplyCarriesTheDescriptor) {
  DialReply reply;
  reply.id = 9;
  reply.fd = os::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct stat sent {};
  ASSERT_EQ(fstat(reply.fd.get(), &sent), 0);
  ASSERT_TRUE(SendDialReply(server_.get(), reply).ok());
  auto received = ReceiveDialReply(client_.get());
  ASSERT_TRUE(received.ok() && received->has_value());
  EXPECT_EQ((*received)->id, 9u);
  ASSERT_TRUE((*received)->fd.valid());
  struct stat got {};
  ASSERT_EQ(fstat((*received)->fd.get(), &got), 0);
  EXPECT_EQ(sent.st_ino, got.st_ino);
  EXPECT_TRUE((fcntl((*received)->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_F(DialProtocol, RefusalsCarryTheirReason) {
  DialReply reply;
  reply.outcome = DialOutcome::kDenied;
  reply.reason = std::string(2000, 'x');
  ASSERT_TRUE(SendDialReply(server_.get(), reply).ok());
  auto received = ReceiveDialReply(client_.get());
  ASSERT_TRUE(received.ok() && received->has_value());
  EXPECT_EQ((*received)->outcome, DialOutcome::kDenied);
  EXPECT_EQ((*received)->reason, std::string(kMaxDialText, 'x'));
}

TEST_F(DialProtocol, ALostDescriptorIsAFailedConnection) {
  DialReply reply;  // claims to be connected
  ASSERT_TRUE(SendDialReply(server_.get(), reply).ok());
  auto received = ReceiveDialReply(client_.get());
  ASSERT_TRUE(received.ok() && received->has_value());
  EXPECT_EQ((*received)->outcome, DialOutcome::kConnectFailed);
}

TEST_F(DialProtocol, MalformedPackets) {
  ASSERT_GT(send(client_.get(), "hello", 5, 0), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveDialRequest(server_.get()).status()));
  std::string large(4000, 'x');
  ASSERT_GT(send(client_.get(), large.data(), large.size(), 0), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveDialRequest(server_.get()).status()));
  ASSERT_GT(send(server_.get(), large.data(), 24, 0), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveDialReply(client_.get()).status()));
}

TEST_F(DialProtocol, AGonePeerIsUnavailable) {
  client_.reset();
  EXPECT_TRUE(absl::IsUnavailable(ReceiveDialRequest(server_.get()).status()));
  EXPECT_TRUE(absl::IsUnavailable(SendDialReply(server_.get(), DialReply())));
}

TEST_F(DialProtocol, AFullLinkSaysSo) {
  DialRequest request{1, 0, false, "h:1"};
  absl::Status status;
  for (int i = 0; i < 100000 && status.ok(); ++i) status = SendDialRequest(client_.get(), request);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST(RefusalStatus, Codes) {
  EXPECT_TRUE(absl::IsPermissionDenied(RefusalStatus(DialOutcome::kNotConfigured, "r")));
  EXPECT_TRUE(absl::IsPermissionDenied(RefusalStatus(DialOutcome::kDenied, "r")));
  EXPECT_TRUE(absl::IsNotFound(RefusalStatus(DialOutcome::kNotResolved, "r")));
  EXPECT_TRUE(absl::IsDeadlineExceeded(RefusalStatus(DialOutcome::kTimedOut, "r")));
  EXPECT_TRUE(absl::IsUnavailable(RefusalStatus(DialOutcome::kConnectFailed, "r")));
  EXPECT_TRUE(absl::IsUnavailable(RefusalStatus(DialOutcome::kOverloaded, "r")));
}

}  // namespace
}  // namespace aisix::ipc
