#include "lib/control/message.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "lib/os/error.h"

namespace aisix::control {
namespace {

constexpr size_t kMaxName = 256;
constexpr size_t kMaxText = 65000;
constexpr int kSendPatienceMs = 1000;
constexpr int kCrowdedPauseMs = 5;

// One packet: this head, the name, the text. Both ends run on the same host, so numbers stand as they are in
// memory; the sizes are checked because a taken-over worker is a possible sender.
struct Head {
  uint32_t magic;
  uint32_t text_size;
  uint64_t number;
  uint16_t name_size;
  uint8_t type;
  uint8_t has_fd;
  uint32_t zero;
};
static_assert(sizeof(Head) == 24);
constexpr uint32_t kMagic = 0x4c545843;  // "CXTL"

bool IsKnown(uint8_t type) {
  return (type >= static_cast<uint8_t>(MessageType::kBoot) &&
          type <= static_cast<uint8_t>(MessageType::kPorts)) ||
         (type >= static_cast<uint8_t>(MessageType::kReady) &&
          type <= static_cast<uint8_t>(MessageType::kDestinationPorts));
}

// The kernel installs every descriptor of a packet; all but one valid single one are closed here.
os::UniqueFd TakeDescriptor(msghdr& packet, int* count) {
  os::UniqueFd first;
  *count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&packet); part != nullptr; part = CMSG_NXTHDR(&packet, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < fds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      os::UniqueFd owned(fd);
      if (++*count == 1) first = std::move(owned);
    }
  }
  return first;
}

absl::StatusOr<Message> Decode(std::string_view packet, os::UniqueFd fd, int fd_count) {
  Head head{};
  if (packet.size() < sizeof(head)) return absl::InvalidArgumentError("control message is too short");
  std::memcpy(&head, packet.data(), sizeof(head));
  if (head.magic != kMagic || head.zero != 0 || head.has_fd > 1 || !IsKnown(head.type)) {
    return absl::InvalidArgumentError("control message has an unknown head");
  }
  if (head.name_size > kMaxName || head.text_size > kMaxText ||
      packet.size() != sizeof(head) + head.name_size + head.text_size) {
    return absl::InvalidArgumentError("control message has a wrong length");
  }
  if (fd_count != head.has_fd) return absl::InvalidArgumentError("control message has lost its descriptor");
  Message message;
  message.type = static_cast<MessageType>(head.type);
  message.number = head.number;
  message.name = packet.substr(sizeof(head), head.name_size);
  message.text = packet.substr(sizeof(head) + head.name_size);
  message.fd = std::move(fd);
  return message;
}

}  // namespace

absl::Status Send(int socket, const Message& message) {
  if (message.name.size() > kMaxName || message.text.size() > kMaxText) {
    return absl::InvalidArgumentError("control message is too long");
  }
  Head head{};
  head.magic = kMagic;
  head.text_size = static_cast<uint32_t>(message.text.size());
  head.number = message.number;
  head.name_size = static_cast<uint16_t>(message.name.size());
  head.type = static_cast<uint8_t>(message.type);
  head.has_fd = message.fd.valid() ? 1 : 0;

  iovec parts[3] = {{&head, sizeof(head)},
                    {const_cast<char*>(message.name.data()), message.name.size()},
                    {const_cast<char*>(message.text.data()), message.text.size()}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 3;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (message.fd.valid()) {
    packet.msg_control = control;
    packet.msg_controllen = sizeof(control);
    cmsghdr* part = CMSG_FIRSTHDR(&packet);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = message.fd.get();
    std::memcpy(CMSG_DATA(part), &fd, sizeof(fd));
  }
  int crowded_ms = 0;
  while (true) {
    if (::sendmsg(socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return absl::OkStatus();
    if (errno == EINTR) continue;
    // Too many descriptors of this user are under way, whoever sent them: that passes, and no event tells
    // when.
    if (errno == ETOOMANYREFS && crowded_ms < kSendPatienceMs) {
      ::poll(nullptr, 0, kCrowdedPauseMs);
      crowded_ms += kCrowdedPauseMs;
      continue;
    }
    if (errno == EPIPE || errno == ECONNRESET) return absl::UnavailableError("control peer is gone");
    if (errno != EAGAIN) return os::ErrorStatus(errno, "control message");
    pollfd waiting{socket, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, kSendPatienceMs);
    if (ready == 0) return absl::DeadlineExceededError("control peer does not read");
    if (ready < 0 && errno != EINTR) return os::ErrorStatus(errno, "control message");
  }
}

absl::StatusOr<std::optional<Message>> Receive(int socket) {
  std::string buffer(sizeof(Head) + kMaxName + kMaxText + 1, '\0');
  iovec part{buffer.data(), buffer.size()};
  msghdr packet{};
  // Room for a few descriptors more than are allowed: so they arrive, are counted and closed.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 8)] = {};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  packet.msg_control = control;
  packet.msg_controllen = sizeof(control);
  ssize_t size;
  do {
    size = ::recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    if (errno == EAGAIN) return std::optional<Message>();
    if (errno == ECONNRESET) return absl::UnavailableError("control peer is gone");
    return os::ErrorStatus(errno, "control message");
  }
  int fd_count = 0;
  os::UniqueFd fd = TakeDescriptor(packet, &fd_count);
  if (size == 0) return absl::UnavailableError("control peer is gone");
  if ((packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return absl::InvalidArgumentError("control message was cut short");
  }
  buffer.resize(static_cast<size_t>(size));
  absl::StatusOr<Message> message = Decode(buffer, std::move(fd), fd_count);
  if (!message.ok()) return message.status();
  return std::optional<Message>(*std::move(message));
}

}  // namespace aisix::control
