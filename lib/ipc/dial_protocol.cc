#include "lib/ipc/dial_protocol.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lib/os/error.h"

namespace aisix::ipc {
namespace {

constexpr uint32_t kMagic = 0x31444941;  // "AID1": both ends are of one build, but a stray packet is no dial
constexpr uint8_t kCancelFlag = 1;

// Both ends run on one machine, so plain structs travel. The text follows.
struct RequestHead {
  uint32_t magic;
  uint32_t timeout_ms;
  uint64_t id;
  uint8_t flags;
  uint8_t padding[7];
};

struct ReplyHead {
  uint32_t magic;
  uint8_t outcome;
  uint8_t padding[3];
  uint64_t id;
};

absl::Status SendPacket(int socket, const void* head, size_t head_size, std::string_view text, int fd) {
  text = text.substr(0, kMaxDialText);
  std::array<iovec, 2> parts{iovec{const_cast<void*>(head), head_size},
                             iovec{const_cast<char*>(text.data()), text.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ssize_t sent;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return absl::OkStatus();
  // ETOOMANYREFS: too many descriptors of this user are under way and not received yet.
  if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS) {
    return absl::ResourceExhaustedError("the link is full");
  }
  return absl::UnavailableError(os::ErrorText(errno));
}

struct Packet {
  std::string bytes;
  os::UniqueFd fd;
};

absl::StatusOr<std::optional<Packet>> ReceivePacket(int socket) {
  std::array<char, sizeof(RequestHead) + kMaxDialText + 1> buffer;
  iovec part{buffer.data(), buffer.size()};
  // Room for more descriptors than are expected, so that surplus ones are seen and closed.
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t received;
  do {
    received = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) {
    if (errno == EAGAIN) return std::optional<Packet>();
    return absl::UnavailableError(os::ErrorText(errno));
  }
  Packet packet;
  bool surplus = false;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      os::UniqueFd owned(fd);
      if (packet.fd.valid()) {
        surplus = true;
      } else {
        packet.fd = std::move(owned);
      }
    }
  }
  if (received == 0) return absl::UnavailableError("end of file");
  if (surplus || (message.msg_flags & MSG_TRUNC) != 0) {
    return absl::InvalidArgumentError("malformed packet on a dial link");
  }
  packet.bytes.assign(buffer.data(), static_cast<size_t>(received));
  return std::optional<Packet>(std::move(packet));
}

// The head of a packet; the text is what remains in `bytes`.
template <typename Head>
bool Split(std::string_view bytes, Head& head, std::string_view& text) {
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  text = bytes.substr(sizeof head);
  return head.magic == kMagic && text.size() <= kMaxDialText;
}

}  // namespace

absl::Status SendDialRequest(int socket, const DialRequest& request) {
  RequestHead head{kMagic, request.timeout_ms, request.id, request.cancel ? kCancelFlag : uint8_t{0}, {}};
  return SendPacket(socket, &head, sizeof head, request.destination, -1);
}

absl::Status SendDialReply(int socket, const DialReply& reply) {
  ReplyHead head{kMagic, static_cast<uint8_t>(reply.outcome), {}, reply.id};
  return SendPacket(socket, &head, sizeof head, reply.reason, reply.fd.get());
}

absl::StatusOr<std::optional<DialRequest>> ReceiveDialRequest(int socket) {
  absl::StatusOr<std::optional<Packet>> packet = ReceivePacket(socket);
  if (!packet.ok()) return packet.status();
  if (!packet->has_value()) return std::optional<DialRequest>();
  RequestHead head;
  std::string_view text;
  if (!Split((*packet)->bytes, head, text)) return absl::InvalidArgumentError("malformed dial request");
  DialRequest request{head.id, head.timeout_ms, (head.flags & kCancelFlag) != 0, std::string(text)};
  return std::optional<DialRequest>(std::move(request));
}

absl::StatusOr<std::optional<DialReply>> ReceiveDialReply(int socket) {
  absl::StatusOr<std::optional<Packet>> packet = ReceivePacket(socket);
  if (!packet.ok()) return packet.status();
  if (!packet->has_value()) return std::optional<DialReply>();
  ReplyHead head;
  std::string_view text;
  if (!Split((*packet)->bytes, head, text) || head.outcome > static_cast<uint8_t>(DialOutcome::kBadRequest)) {
    return absl::InvalidArgumentError("malformed dial reply");
  }
  DialReply reply{head.id, static_cast<DialOutcome>(head.outcome), std::string(text), {}};
  if (reply.outcome == DialOutcome::kConnected) {
    if ((*packet)->fd.valid()) {
      reply.fd = std::move((*packet)->fd);
    } else {
      reply.outcome = DialOutcome::kConnectFailed;
      reply.reason = "too many open files";
    }
  }
  return std::optional<DialReply>(std::move(reply));
}

absl::Status RefusalStatus(DialOutcome outcome, std::string_view reason) {
  std::string text(reason);
  switch (outcome) {
    case DialOutcome::kNotConfigured:
    case DialOutcome::kDenied:
      return absl::PermissionDeniedError(text);
    case DialOutcome::kNotResolved:
      return absl::NotFoundError(text);
    case DialOutcome::kTimedOut:
      return absl::DeadlineExceededError(text);
    case DialOutcome::kBadRequest:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace aisix::ipc
