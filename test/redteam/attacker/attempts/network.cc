// Sockets of every kind: out of the zone, and in.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "test/redteam/attacker/attempt.h"

namespace aisix::redteam {
namespace {

constexpr int kMultipathTcp = 262;

sockaddr_in AddressOf(const std::string& text) {  // "127.0.0.1:80"
  const size_t colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10)));
  ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr);
  return address;
}

long Socket(int family, int type, int protocol = 0) {
  return Call(SYS_socket, family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

// An answer that comes from the network, or will: the kernel let the attempt pass.
long Reached(long result) {
  switch (result) {
    case -EINPROGRESS:
    case -ECONNREFUSED:
    case -ENETUNREACH:
    case -EHOSTUNREACH:
      return 0;
    default:
      return result;
  }
}

long ConnectTo(const std::string& target, int protocol = 0) {
  const long fd = Socket(AF_INET, SOCK_STREAM, protocol);
  if (fd < 0) return fd;
  const sockaddr_in address = AddressOf(target);
  return Reached(Call(SYS_connect, fd, &address, sizeof(address)));
}

long ConnectTo6(const char* host, uint16_t port) {
  const long fd = Socket(AF_INET6, SOCK_STREAM);
  if (fd < 0) return fd;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  ::inet_pton(AF_INET6, host, &address.sin6_addr);
  return Reached(Call(SYS_connect, fd, &address, sizeof(address)));
}

long BindTo(const std::string& target, int type) {
  const long fd = Socket(AF_INET, type);
  if (fd < 0) return fd;
  const sockaddr_in address = AddressOf(target);
  return Call(SYS_bind, fd, &address, sizeof(address));
}

// Without bind the kernel chooses a port on every address.
long ListenUnbound(const Scene&) {
  const long fd = Socket(AF_INET, SOCK_STREAM);
  if (fd < 0) return fd;
  return Call(SYS_listen, fd, 1);
}

long JoinGroup(const Scene& scene) {
  const long fd = Socket(AF_INET, SOCK_STREAM);
  if (fd < 0) return fd;
  const int on = 1;
  if (const long result = Call(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)); result < 0)
    return result;
  const sockaddr_in address = AddressOf(scene.Text("proxy"));
  if (const long result = Call(SYS_bind, fd, &address, sizeof(address)); result < 0) return result;
  return Call(SYS_listen, fd, 1);
}

long SendDatagram(const Scene& scene) {
  const long fd = Socket(AF_INET, SOCK_DGRAM);
  if (fd < 0) return fd;
  const sockaddr_in address = AddressOf(scene.Text("unlisted"));
  return Call(SYS_sendto, fd, "x", 1L, MSG_NOSIGNAL, &address, sizeof(address));
}

long ConnectUnix(const std::string& name) {
  const long fd = Socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return fd;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  return Call(SYS_connect, fd, &address, sizeof(sa_family_t) + name.size());
}

// On a listener, where the zone has one, else on a link: which socket does not matter to the filter.
int AnySocket(const Scene& scene) {
  return scene.Listener() >= 0 ? scene.Listener() : scene.links.front().fd;
}

msghdr MessageTo(const sockaddr_in& address, iovec& part) {
  static char byte = 'x';
  part = {&byte, 1};
  msghdr message{};
  message.msg_name = const_cast<sockaddr_in*>(&address);
  message.msg_namelen = sizeof(address);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return message;
}

long FastOpenSendmsg(const Scene& scene, int fd) {
  const sockaddr_in address = AddressOf(scene.Text("unlisted"));
  iovec part{};
  msghdr message = MessageTo(address, part);
  return Reached(Call(SYS_sendmsg, fd, &message, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT));
}

long FastOpenSendto(const Scene& scene, int fd) {
  const sockaddr_in address = AddressOf(scene.Text("unlisted"));
  return Reached(
      Call(SYS_sendto, fd, "x", 1L, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT, &address, sizeof(address)));
}

long FastOpenSendmmsg(const Scene& scene, int fd) {
  const sockaddr_in address = AddressOf(scene.Text("unlisted"));
  iovec part{};
  mmsghdr messages[1] = {};
  messages[0].msg_hdr = MessageTo(address, part);
  return Reached(Call(SYS_sendmmsg, fd, messages, 1, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT));
}

// Zones that may make sockets take a fresh one, so that the attempt is about the flag alone.
long FreshOrAny(const Scene& scene) {
  const long fd = Socket(AF_INET, SOCK_STREAM);
  return fd >= 0 ? fd : AnySocket(scene);
}

// Disturbs the shared listener; the supervisor mends it before the next worker starts.
long FastOpenOnShutDownListener(const Scene& scene) {
  static_cast<void>(Call(SYS_shutdown, AnySocket(scene), SHUT_RDWR));
  return FastOpenSendmsg(scene, AnySocket(scene));
}

long ConnectShutDownListener(const Scene& scene) {
  static_cast<void>(Call(SYS_shutdown, AnySocket(scene), SHUT_RDWR));
  const sockaddr_in address = AddressOf(scene.Text("unlisted"));
  return Reached(Call(SYS_connect, AnySocket(scene), &address, sizeof(address)));
}

// No value: where the option is not stopped, the kernel refuses it and nothing changes.
long SetOption(const Scene& scene, int level, int option) {
  return Call(SYS_setsockopt, AnySocket(scene), level, option, nullptr, 0);
}

constexpr Attempt kAttempts[] = {
    {"connect to etcd", [](const Scene& s) { return ConnectTo(s.Text("etcd")); }},
    {"connect to the admin listener", [](const Scene& s) { return ConnectTo(s.Text("admin")); }},
    {"connect to the metrics listener", [](const Scene& s) { return ConnectTo(s.Text("metrics")); }},
    {"connect to the proxy listener", [](const Scene& s) { return ConnectTo(s.Text("proxy")); }},
    {"connect to an unlisted host", [](const Scene& s) { return ConnectTo(s.Text("unlisted")); }},
    {"connect to an unlisted host at a configured port",
     [](const Scene& s) { return ConnectTo(s.Text("configured_port")); }},
    {"connect to cloud metadata", [](const Scene&) { return ConnectTo("169.254.169.254:80"); }},
    {"connect over IPv6", [](const Scene&) { return ConnectTo6("::1", 9); }},
    {"connect to an IPv4 host in IPv6 form",
     [](const Scene& s) {
       return ConnectTo6("::ffff:127.0.0.1", ntohs(AddressOf(s.Text("unlisted")).sin_port));
     }},
    {"connect over multipath TCP",
     [](const Scene& s) { return ConnectTo(s.Text("unlisted"), kMultipathTcp); }},
    {"connect the control socket elsewhere",
     [](const Scene& s) {
       const sockaddr_in address = AddressOf(s.Text("unlisted"));
       return Reached(Call(SYS_connect, 3, &address, sizeof(address)));
     }},
    {"send a datagram", SendDatagram},
    {"bind TCP", [](const Scene&) { return BindTo("127.0.0.1:0", SOCK_STREAM); }},
    {"bind UDP", [](const Scene&) { return BindTo("127.0.0.1:0", SOCK_DGRAM); }},
    {"listen without bind", ListenUnbound},
    {"join the listeners' SO_REUSEPORT group", JoinGroup},
    {"TCP socket", [](const Scene&) { return Socket(AF_INET, SOCK_STREAM); }},
    {"UDP socket", [](const Scene&) { return Socket(AF_INET, SOCK_DGRAM); }},
    {"raw socket", [](const Scene&) { return Socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
    {"ping socket", [](const Scene&) { return Socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }},
    {"raw IPv6 socket", [](const Scene&) { return Socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); }},
    {"multipath TCP socket", [](const Scene&) { return Socket(AF_INET, SOCK_STREAM, kMultipathTcp); }},
    {"SCTP socket", [](const Scene&) { return Socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP); }},
    {"UDP-Lite socket", [](const Scene&) { return Socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE); }},
    {"socket family with high bits",
     [](const Scene&) { return Call(SYS_socket, 1L << 32 | AF_NETLINK, static_cast<long>(SOCK_RAW), 0L); }},
    {"UNIX stream socket", [](const Scene&) { return Socket(AF_UNIX, SOCK_STREAM); }},
    {"UNIX datagram socket", [](const Scene&) { return Socket(AF_UNIX, SOCK_DGRAM); }},
    {"UNIX stream pair",
     [](const Scene&) {
       int pair[2];
       return Call(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
     }},
    {"UNIX datagram pair",
     [](const Scene&) {
       int pair[2];
       return Call(SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
     }},
    {"connect a UNIX path", [](const Scene& s) { return ConnectUnix(s.Text("unix_path")); }},
    {"connect an abstract UNIX name",
     [](const Scene& s) { return ConnectUnix(std::string(1, '\0') + s.Text("unix_abstract")); }},
    {"netlink socket", [](const Scene&) { return Socket(AF_NETLINK, SOCK_RAW, 0); }},
    {"packet socket", [](const Scene&) { return Socket(AF_PACKET, SOCK_RAW, 0); }},
    {"vsock socket", [](const Scene&) { return Socket(AF_VSOCK, SOCK_STREAM); }},
    {"crypto socket", [](const Scene&) { return Socket(AF_ALG, SOCK_SEQPACKET); }},
    {"key socket", [](const Scene&) { return Socket(AF_KEY, SOCK_RAW, 2); }},
    {"XDP socket", [](const Scene&) { return Socket(44, SOCK_RAW); }},
    {"Bluetooth socket", [](const Scene&) { return Socket(AF_BLUETOOTH, SOCK_RAW, 1); }},
    {"MSG_FASTOPEN with sendto",
     [](const Scene& s) { return FastOpenSendto(s, static_cast<int>(FreshOrAny(s))); }},
    {"MSG_FASTOPEN with sendmsg",
     [](const Scene& s) { return FastOpenSendmsg(s, static_cast<int>(FreshOrAny(s))); }},
    {"MSG_FASTOPEN with sendmmsg",
     [](const Scene& s) { return FastOpenSendmmsg(s, static_cast<int>(FreshOrAny(s))); }},
    {"TCP_FASTOPEN_CONNECT", [](const Scene& s) { return SetOption(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT); }},
    {"TCP_REPAIR", [](const Scene& s) { return SetOption(s, IPPROTO_TCP, TCP_REPAIR); }},
    {"TCP_ULP", [](const Scene& s) { return SetOption(s, IPPROTO_TCP, TCP_ULP); }},
    {"TCP_CONGESTION", [](const Scene& s) { return SetOption(s, IPPROTO_TCP, TCP_CONGESTION); }},
    {"SO_REUSEPORT", [](const Scene& s) { return SetOption(s, SOL_SOCKET, SO_REUSEPORT); }},
    {"SO_ATTACH_FILTER", [](const Scene& s) { return SetOption(s, SOL_SOCKET, SO_ATTACH_FILTER); }},
    {"SO_ATTACH_REUSEPORT_CBPF",
     [](const Scene& s) { return SetOption(s, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF); }},
    {"SO_BINDTODEVICE", [](const Scene& s) { return SetOption(s, SOL_SOCKET, SO_BINDTODEVICE); }},
    {"SO_MARK", [](const Scene& s) { return SetOption(s, SOL_SOCKET, SO_MARK); }},
    {"IP_TRANSPARENT", [](const Scene& s) { return SetOption(s, IPPROTO_IP, IP_TRANSPARENT); }},
    {"IP_OPTIONS", [](const Scene& s) { return SetOption(s, IPPROTO_IP, IP_OPTIONS); }},
    {"MSG_FASTOPEN on a shut-down listener", FastOpenOnShutDownListener, true},
    {"connect a shut-down listener", ConnectShutDownListener, true},
};

}  // namespace

std::span<const Attempt> NetworkAttempts() {
  return kAttempts;
}

}  // namespace aisix::redteam
