#include "lib/control/message.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"

namespace aisix::control {
namespace {

class MessageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
    ASSERT_TRUE(pair.ok());
    near_ = std::move(pair->first);
    far_ = std::move(pair->second);
  }

  // The bytes of a valid message, as they travel.
  std::string Packet(const Message& message) {
    EXPECT_TRUE(Send(near_.get(), message).ok());
    std::string bytes(70000, '\0');
    const ssize_t size = ::recv(far_.get(), bytes.data(), bytes.size(), 0);
    EXPECT_GT(size, 0);
    bytes.resize(static_cast<size_t>(size));
    return bytes;
  }

  absl::Status ReceiveBytes(const std::string& bytes, const std::vector<int>& fds = {}) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr packet{};
    packet.msg_iov = &part;
    packet.msg_iovlen = 1;
    std::vector<char> control(CMSG_SPACE(sizeof(int) * fds.size()));
    if (!fds.empty()) {
      packet.msg_control = control.data();
      packet.msg_controllen = control.size();
      cmsghdr* head = CMSG_FIRSTHDR(&packet);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
      std::memcpy(CMSG_DATA(head), fds.data(), sizeof(int) * fds.size());
    }
    EXPECT_EQ(::sendmsg(near_.get(), &packet, 0), static_cast<ssize_t>(bytes.size()));
    return Receive(far_.get()).status();
  }

  os::UniqueFd near_;
  os::UniqueFd far_;
};

int OpenDescriptors() {
  int count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

TEST_F(MessageTest, CarriesEveryMember) {
  Message sent;
  sent.type = MessageType::kZone;
  sent.number = 0x1234567890abcdef;
  sent.name = "proxy";
  sent.text = "down: signal SIGKILL (9)";
  ASSERT_TRUE(Send(near_.get(), sent).ok());
  absl::StatusOr<std::optional<Message>> received = Receive(far_.get());
  ASSERT_TRUE(received.ok());
  ASSERT_TRUE(received->has_value());
  EXPECT_EQ((*received)->type, sent.type);
  EXPECT_EQ((*received)->number, sent.number);
  EXPECT_EQ((*received)->name, sent.name);
  EXPECT_EQ((*received)->text, sent.text);
  EXPECT_FALSE((*received)->fd.valid());
}

TEST_F(MessageTest, PassesADescriptorAndKeepsItsOwn) {
  Message sent;
  sent.type = MessageType::kFile;
  sent.fd = *os::CreateSealedFile("test", "content");
  ASSERT_TRUE(Send(near_.get(), sent).ok());
  EXPECT_TRUE(sent.fd.valid());
  absl::StatusOr<std::optional<Message>> received = Receive(far_.get());
  ASSERT_TRUE(received.ok());
  const int fd = (*received)->fd.get();
  EXPECT_NE(fd, sent.fd.get());
  EXPECT_EQ(*os::ReadAll(fd), "content");
  EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(MessageTest, CarriesTheLongestTexts) {
  Message sent;
  sent.type = MessageType::kFatal;
  sent.name = std::string(256, 'n');
  sent.text = std::string(65000, 't');
  ASSERT_TRUE(Send(near_.get(), sent).ok());
  EXPECT_EQ((**Receive(far_.get())).text, sent.text);
  sent.text.push_back('t');
  EXPECT_TRUE(absl::IsInvalidArgument(Send(near_.get(), sent)));
  sent.text.clear();
  sent.name.push_back('n');
  EXPECT_TRUE(absl::IsInvalidArgument(Send(near_.get(), sent)));
}

TEST_F(MessageTest, NothingThereIsNotAnError) {
  absl::StatusOr<std::optional<Message>> received = Receive(far_.get());
  ASSERT_TRUE(received.ok());
  EXPECT_FALSE(received->has_value());
}

TEST_F(MessageTest, DeathOfThePeerIsUnavailableOnBothSides) {
  ASSERT_TRUE(Send(near_.get(), Message()).ok());
  near_.reset();
  EXPECT_TRUE(Receive(far_.get()).ok());  // what was sent before is still read
  EXPECT_TRUE(absl::IsUnavailable(Receive(far_.get()).status()));
  EXPECT_TRUE(absl::IsUnavailable(Send(far_.get(), Message())));
}

TEST_F(MessageTest, RefusesPacketsOfAnyWrongLength) {
  Message message;
  message.type = MessageType::kFatal;
  message.name = "name";
  message.text = "text";
  const std::string packet = Packet(message);
  for (size_t size = 1; size < packet.size(); ++size) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(packet.substr(0, size)))) << size;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(packet + "x")));
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(packet + std::string(70000, 'x'))));
  EXPECT_TRUE(ReceiveBytes(packet).ok());
}

TEST_F(MessageTest, RefusesGarbage) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(1 + random() % 100, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(bytes)));
  }
}

TEST_F(MessageTest, RefusesUnknownTypes) {
  std::string packet = Packet(Message());
  const size_t type = packet.find(static_cast<char>(MessageType::kBegin), 16);
  ASSERT_NE(type, std::string::npos);
  for (const int unknown : {0, 32, 63, 200}) {
    packet[type] = static_cast<char>(unknown);
    EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(packet))) << unknown;
  }
}

TEST_F(MessageTest, WrongNumbersOfDescriptorsAreRefusedAndClosed) {
  const os::UniqueFd file = *os::CreateSealedFile("test", "");
  const std::string without = Packet(Message());
  Message message;
  message.type = MessageType::kFile;
  message.fd = *os::CreateSealedFile("test", "");
  const std::string with = Packet(message);  // its descriptor is gone with the buffer above
  const int before = OpenDescriptors();
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(with)));
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(without, {file.get()})));
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(with, {file.get(), file.get()})));
  EXPECT_TRUE(absl::IsInvalidArgument(ReceiveBytes(with, std::vector<int>(20, file.get()))));
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(MessageTest, ADescriptorLostAtTheLimitIsAnError) {
  Message message;
  message.type = MessageType::kFile;
  message.fd = *os::CreateSealedFile("test", "");
  ASSERT_TRUE(Send(near_.get(), message).ok());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  // The lowest free number is beyond the limit now.
  const int next = ::dup(near_.get());
  ::close(next);
  const rlimit full{static_cast<rlim_t>(next), old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  const absl::Status status = Receive(far_.get()).status();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST_F(MessageTest, WaitsForRoomInTheSocket) {
  Message message;
  message.type = MessageType::kFatal;
  message.text = std::string(60000, 'x');
  constexpr int kCount = 50;  // more than a socket holds
  int received = 0;
  std::thread reader([&] {
    while (true) {
      const absl::StatusOr<std::optional<Message>> next = Receive(far_.get());
      if (!next.ok()) return;
      if (next->has_value()) {
        ++received;
        continue;
      }
      pollfd waiting{far_.get(), POLLIN, 0};
      ::poll(&waiting, 1, -1);
    }
  });
  for (int i = 0; i < kCount; ++i) EXPECT_TRUE(Send(near_.get(), message).ok());
  near_.reset();
  reader.join();
  EXPECT_EQ(received, kCount);
}

TEST_F(MessageTest, GivesUpOnAPeerThatDoesNotRead) {
  Message message;
  message.type = MessageType::kFatal;
  message.text = std::string(60000, 'x');
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = Send(near_.get(), message);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

}  // namespace
}  // namespace aisix::control
