#include "lib/os/socket_pair.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

namespace aisix::os {
namespace {

void ExpectSafeFlags(int fd) {
  EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

int TypeOf(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  return type;
}

TEST(SocketPair, StreamEndsAreConnected) {
  absl::StatusOr<SocketPair> pair = CreateStreamPair();
  ASSERT_TRUE(pair.ok());
  ExpectSafeFlags(pair->first.get());
  ExpectSafeFlags(pair->second.get());
  EXPECT_EQ(TypeOf(pair->first.get()), SOCK_STREAM);
  ASSERT_EQ(::send(pair->first.get(), "ab", 2, 0), 2);
  char text[3] = {};
  EXPECT_EQ(::recv(pair->second.get(), text, 2, 0), 2);
  EXPECT_STREQ(text, "ab");
}

TEST(SocketPair, PacketsKeepTheirBoundariesAndDeathIsSeen) {
  absl::StatusOr<SocketPair> pair = CreatePacketPair();
  ASSERT_TRUE(pair.ok());
  ExpectSafeFlags(pair->first.get());
  EXPECT_EQ(TypeOf(pair->first.get()), SOCK_SEQPACKET);
  ASSERT_EQ(::send(pair->first.get(), "a", 1, 0), 1);
  ASSERT_EQ(::send(pair->first.get(), "bc", 2, 0), 2);
  char text[8];
  EXPECT_EQ(::recv(pair->second.get(), text, sizeof(text), 0), 1);
  EXPECT_EQ(::recv(pair->second.get(), text, sizeof(text), 0), 2);
  EXPECT_EQ(::recv(pair->second.get(), text, sizeof(text), 0), -1);
  EXPECT_EQ(errno, EAGAIN);
  pair->first.reset();
  EXPECT_EQ(::recv(pair->second.get(), text, sizeof(text), 0), 0);
}

}  // namespace
}  // namespace aisix::os
