#include "lib/os/socket_pair.h"

#include <sys/socket.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::os {
namespace {

absl::StatusOr<SocketPair> Create(int type) {
  int fds[2];
  if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrorStatus(errno, "socketpair");
  }
  return SocketPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace

absl::StatusOr<SocketPair> CreateStreamPair() {
  return Create(SOCK_STREAM);
}

absl::StatusOr<SocketPair> CreatePacketPair() {
  return Create(SOCK_SEQPACKET);
}

}  // namespace aisix::os
