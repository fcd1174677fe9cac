#include "supervisor/service/notify_socket.h"

#include <fmt/core.h>
#include <sys/time.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "lib/os/error.h"

namespace aisix::supervisor {

absl::StatusOr<NotifySocket> NotifySocket::Open(std::string_view address) {
  NotifySocket socket;
  // A path ends with NUL inside of it, an abstract address has its first byte replaced by one.
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@') ||
      address.size() >= sizeof(socket.address_.sun_path)) {
    return absl::InvalidArgumentError(fmt::format("NOTIFY_SOCKET={}: not a path or @name", address));
  }
  socket.address_.sun_family = AF_UNIX;
  std::memcpy(socket.address_.sun_path, address.data(), address.size());
  size_t length = address.size();
  if (address[0] == '@') {
    socket.address_.sun_path[0] = '\0';
  } else {
    ++length;
  }
  socket.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  socket.fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.fd_.valid()) return os::ErrorStatus(errno, "notify socket");
  const timeval patience{1, 0};
  if (::setsockopt(socket.fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0) {
    return os::ErrorStatus(errno, "notify socket");
  }
  return socket;
}

absl::Status NotifySocket::Send(std::string_view text) const {
  ssize_t sent;
  do {
    sent = ::sendto(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address_), size_);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return os::ErrorStatus(errno, "notify socket");
  return absl::OkStatus();
}

}  // namespace aisix::supervisor
