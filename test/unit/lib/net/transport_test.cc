#include "lib/net/transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace aisix::net {
namespace {

// Keeps what a transport tells.
class Recorder : public StreamReceiver {
 public:
  std::span<char> ReadSpace() override { return {space_, capacity}; }
  void OnRead(size_t size) override {
    received.append(space_, size);
    if (capacity != sizeof space_) capacity = 0;
  }
  void OnEnd(absl::Status status) override {
    ended = true;
    end = std::move(status);
  }
  void OnWritten(absl::Status status) override {
    ++written;
    write_status = std::move(status);
  }

  size_t capacity = 65536;
  std::string received;
  bool ended = false;
  absl::Status end;
  int written = 0;
  absl::Status write_status;

 private:
  char space_[65536];
};

class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    peer_ = os::UniqueFd(pair[1]);
    absl::StatusOr<TransportPtr> adopted = AdoptSocket(loop_, os::UniqueFd(pair[0]));
    EXPECT_TRUE(adopted.ok());
    transport_ = *std::move(adopted);
  }
  // Turns the loop until `done` holds, for as long as something can happen.
  template <typename Condition>
  void Until(Condition done) {
    for (int i = 0; i < 100'000 && !done(); ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
    EXPECT_TRUE(done());
  }
  // What the peer can read now.
  std::string Drain() {
    std::string all;
    char buffer[65536];
    ssize_t size;
    while ((size = recv(peer_.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) all.append(buffer, size);
    return all;
  }

  async::Loop loop_;
  Recorder recorder_;
  os::UniqueFd peer_;
  TransportPtr transport_;
};

TEST_F(TransportTest, SmallWritesNeedNoLoop) {
  transport_->SetReceiver(&recorder_);
  iovec pieces[] = {{const_cast<char*>("hello "), 6}, {const_cast<char*>("world"), 5}};
  EXPECT_EQ(transport_->Write(pieces, 2), WriteResult::kDone);
  EXPECT_EQ(Drain(), "hello world");
  EXPECT_EQ(recorder_.written, 0);
}

TEST_F(TransportTest, LargeWritesWaitForThePeer) {
  transport_->SetReceiver(&recorder_);
  const std::string first(3'000'000, 'a');
  const std::string second(3'000'000, 'b');
  iovec pieces[] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  EXPECT_EQ(transport_->Write(pieces, 2), WriteResult::kPending);
  std::string got;
  Until([&] {
    got += Drain();
    return recorder_.written == 1;
  });
  got += Drain();
  EXPECT_TRUE(recorder_.write_status.ok());
  EXPECT_TRUE(got == first + second);
}

TEST_F(TransportTest, ReadsAndSeesTheEnd) {
  transport_->SetReceiver(&recorder_);
  ASSERT_EQ(write(peer_.get(), "hello", 5), 5);
  Until([&] { return recorder_.received == "hello"; });
  peer_.reset();
  Until([&] { return recorder_.ended; });
  EXPECT_TRUE(recorder_.end.ok());
}

TEST_F(TransportTest, PausesWithoutSpaceAndGoesOn) {
  recorder_.capacity = 3;
  transport_->SetReceiver(&recorder_);
  ASSERT_EQ(write(peer_.get(), "abcdef", 6), 6);
  Until([&] { return recorder_.received == "abc"; });
  for (int i = 0; i < 10; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(recorder_.received, "abc");
  recorder_.capacity = 65536;
  transport_->ResumeReading();
  Until([&] { return recorder_.received == "abcdef"; });
}

TEST_F(TransportTest, WritingToNobodyFails) {
  peer_.reset();
  iovec piece{const_cast<char*>("x"), 1};
  EXPECT_EQ(transport_->Write(&piece, 1), WriteResult::kFailed);
  EXPECT_EQ(transport_->write_error().message(), "broken pipe");
}

TEST_F(TransportTest, ACancelledWriteBorrowsNothingAndReadingGoesOn) {
  transport_->SetReceiver(&recorder_);
  auto memory = std::make_unique<std::string>(5'000'000, 'x');
  iovec piece{memory->data(), memory->size()};
  ASSERT_EQ(transport_->Write(&piece, 1), WriteResult::kPending);
  transport_->CancelWrite();
  memory.reset();
  ASSERT_EQ(write(peer_.get(), "answer", 6), 6);
  Until([&] { return recorder_.received == "answer"; });
  EXPECT_LT(Drain().size(), 5'000'000u);
  for (int i = 0; i < 10; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(recorder_.written, 0);
}

TEST_F(TransportTest, AnOwnedWriteGoesOnWithoutTheCallersMemory) {
  transport_->SetReceiver(&recorder_);
  std::string expected(5'000'000, 'x');
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<char>('a' + (i / 1000 + i) % 26);
  auto memory = std::make_unique<std::string>(expected);
  iovec pieces[] = {{memory->data(), 1'000'000}, {memory->data() + 1'000'000, 4'000'000}};
  ASSERT_EQ(transport_->Write(pieces, 2), WriteResult::kPending);
  std::string got = Drain();
  uv_run(loop_.uv(), UV_RUN_NOWAIT);  // a part more is written from the caller's memory
  transport_->OwnPendingWrite();
  memory->assign(memory->size(), '!');
  memory.reset();
  Until([&] {
    got += Drain();
    return recorder_.written == 1;
  });
  got += Drain();
  EXPECT_TRUE(recorder_.write_status.ok());
  EXPECT_TRUE(got == expected);
}

TEST_F(TransportTest, ClosingForgetsAPendingWrite) {
  transport_->SetReceiver(&recorder_);
  auto memory = std::make_unique<std::string>(5'000'000, 'x');
  iovec piece{memory->data(), memory->size()};
  ASSERT_EQ(transport_->Write(&piece, 1), WriteResult::kPending);
  transport_.reset();
  memory.reset();
  for (int i = 0; i < 10; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(recorder_.written, 0);
  EXPECT_FALSE(recorder_.ended);
  EXPECT_LT(Drain().size(), 5'000'000u);
}

TEST_F(TransportTest, ShutdownWriteIsAnEndOfFileForThePeer) {
  transport_->SetReceiver(&recorder_);
  transport_->ShutdownWrite();
  char byte;
  EXPECT_EQ(read(peer_.get(), &byte, 1), 0);
  ASSERT_EQ(write(peer_.get(), "still", 5), 5);
  Until([&] { return recorder_.received == "still"; });
}

}  // namespace
}  // namespace aisix::net
