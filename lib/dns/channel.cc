#include "lib/dns/channel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace aisix::dns {
namespace {

constexpr int kEdnsPacketSize = 1232;

absl::Status StatusOf(int ares_status) {
  switch (ares_status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return absl::NotFoundError("the host name does not resolve");
    case ARES_ETIMEOUT:
      return absl::UnavailableError("the name servers do not answer");
    case ARES_ECONNREFUSED:
      return absl::UnavailableError("the name servers cannot be reached");
    case ARES_ESERVFAIL:
      return absl::UnavailableError("the name servers report a failure");
    case ARES_EREFUSED:
      return absl::UnavailableError("the name servers refuse to answer");
    default:
      return absl::UnavailableError("name resolution failed");
  }
}

// c-ares draws the key of its query numbers from /dev/urandom, which a locked process cannot open, and falls
// back on rand(): without a seed, everybody could foretell the numbers.
void SeedFallback() {
  unsigned seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) == sizeof seed) ::srand(seed);
}

// The calls of c-ares, reduced to what the sandbox allows: no ioctl, no bind, no protocol number.
ares_socket_t OpenSocket(int family, int type, int, void*) {
  return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int CloseSocket(ares_socket_t fd, void*) {
  return ::close(fd);
}

ares_ssize_t Receive(ares_socket_t fd, void* data, size_t size, int flags, sockaddr* from,
                     ares_socklen_t* from_size, void*) {
  return ::recvfrom(fd, data, size, flags, from, from_size);
}

ares_ssize_t SendPieces(ares_socket_t fd, const iovec* pieces, int count, void*) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = static_cast<size_t>(count);
  const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  if (sent >= 0 || errno != ECONNREFUSED) return sent;
  // That was the fate of an earlier packet. c-ares must learn of it by reading, which fails every query of
  // this server; told here, it would let the earlier one wait for its timeout.
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

ares_addr_port_node NodeOf(const NameServer& server) {
  ares_addr_port_node node{};
  const bool v4 = server.address.family == net::Address::Family::kIpv4;
  node.family = v4 ? AF_INET : AF_INET6;
  std::memcpy(&node.addr, server.address.bytes.data(), v4 ? 4 : 16);
  node.udp_port = node.tcp_port = server.address.port;
  return node;
}

}  // namespace

struct Channel::Pending {
  Channel& channel;
  Callback callback;
};

Channel::Channel(const ResolvConf& conf, SocketObserver* observer)
    : observer_(observer), ipv4_only_(conf.ipv4_only) {
  for (const NameServer& server : conf.servers) {
    if (server.scope != 0) scoped_.push_back(server);
  }
}

absl::StatusOr<std::unique_ptr<Channel>> Channel::Make(const ResolvConf& conf, SocketObserver* observer) {
  std::unique_ptr<Channel> channel(new Channel(conf, observer));
  if (absl::Status status = channel->Open(conf); !status.ok()) return status;
  return channel;
}

absl::Status Channel::Open(const ResolvConf& conf) {
  static const ares_socket_functions kSocketFunctions{&OpenSocket, &CloseSocket, &Channel::Connect, &Receive,
                                                      &SendPieces};
  // c-ares reads its files unless every one of these is given.
  ares_options options{};
  options.flags = ARES_FLAG_NOALIASES;
  if (conf.use_tcp) options.flags |= ARES_FLAG_USEVC;
  if (conf.edns0) options.flags |= ARES_FLAG_EDNS;
  options.ednspsz = kEdnsPacketSize;
  options.timeout = conf.timeout_ms;
  options.tries = conf.attempts;
  options.ndots = conf.ndots;
  in_addr placeholder{htonl(INADDR_LOOPBACK)};
  options.servers = &placeholder;
  options.nservers = 1;
  std::vector<char*> domains;
  domains.reserve(conf.search.size());
  for (const std::string& domain : conf.search) domains.push_back(const_cast<char*>(domain.c_str()));
  options.domains = domains.data();
  options.ndomains = static_cast<int>(domains.size());
  char lookups[] = "b";  // name servers only
  options.lookups = lookups;
  options.sock_state_cb = &Channel::OnSocketState;
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SERVERS |
             ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_EDNSPSZ |
             (conf.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE);
  if (observer_ != nullptr) mask |= ARES_OPT_SOCK_STATE_CB;
  SeedFallback();
  int status = ares_init_options(&channel_, &options, mask);
  if (status == ARES_SUCCESS) {
    ares_set_socket_functions(channel_, &kSocketFunctions, this);
    std::vector<ares_addr_port_node> nodes;
    nodes.reserve(conf.servers.size());
    for (const NameServer& server : conf.servers) {
      nodes.push_back(NodeOf(server));
      if (nodes.size() > 1) nodes[nodes.size() - 2].next = &nodes.back();
    }
    status = ares_set_servers_ports(channel_, nodes.data());
  }
  if (status == ARES_SUCCESS) return absl::OkStatus();
  return absl::InternalError(std::string("resolver: ") + ares_strerror(status));
}

Channel::~Channel() {
  closing_ = true;
  if (channel_ != nullptr) ares_destroy(channel_);
}

void Channel::Query(const std::string& host, Callback callback) {
  ares_addrinfo_hints hints{};
  hints.ai_family = ipv4_only_ ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NUMERICSERV;  // else glibc would load NSS modules for the service
  auto* pending = new Pending{*this, std::move(callback)};
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Channel::OnAnswer, pending);
}

void Channel::OnAnswer(void* argument, int status, int, ares_addrinfo* info) {
  std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
  Cache::Entry entry;
  entry.ttl_ms = UINT64_MAX;
  const auto lives = [&](int seconds) {
    entry.ttl_ms = std::min(entry.ttl_ms, static_cast<uint64_t>(std::max(seconds, 0)) * 1000);
  };
  if (info != nullptr) {
    for (ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
      net::Address address = net::Address::From(node->ai_addr);
      address.port = 0;
      if (address.family == net::Address::Family::kNone) continue;
      lives(node->ai_ttl);
      if (std::find(entry.addresses.begin(), entry.addresses.end(), address) == entry.addresses.end()) {
        entry.addresses.push_back(address);
      }
    }
    for (ares_addrinfo_cname* cname = info->cnames; cname != nullptr; cname = cname->next) lives(cname->ttl);
    ares_freeaddrinfo(info);
  }
  if (pending->channel.closing_) return;
  if (status == ARES_SUCCESS && entry.addresses.empty()) status = ARES_ENODATA;
  if (status == ARES_SUCCESS) {
    pending->callback(std::move(entry));
  } else {
    pending->callback(StatusOf(status));
  }
}

void Channel::Process(int readable, int writable) {
  ares_process_fd(channel_, readable < 0 ? ARES_SOCKET_BAD : readable,
                  writable < 0 ? ARES_SOCKET_BAD : writable);
}

std::optional<uint64_t> Channel::TimeoutMs() const {
  timeval wait;
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return std::nullopt;
  return static_cast<uint64_t>(wait.tv_sec) * 1000 + static_cast<uint64_t>(wait.tv_usec) / 1000 + 1;
}

std::vector<Channel::Socket> Channel::Sockets() const {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const int states = ares_getsock(channel_, sockets, ARES_GETSOCK_MAXNUM);
  std::vector<Socket> result;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool readable = ARES_GETSOCK_READABLE(states, i) != 0;
    const bool writable = ARES_GETSOCK_WRITABLE(states, i) != 0;
    if (readable || writable) result.push_back({sockets[i], readable, writable});
  }
  return result;
}

void Channel::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<Channel*>(self)->observer_->OnSocket(fd, readable != 0, writable != 0);
}

int Channel::Connect(ares_socket_t fd, const sockaddr* address, ares_socklen_t size, void* argument) {
  const auto* self = static_cast<const Channel*>(argument);
  if (address->sa_family == AF_INET6 && !self->scoped_.empty()) {
    const net::Address target = net::Address::From(address);
    for (const NameServer& server : self->scoped_) {
      if (server.address.bytes != target.bytes) continue;
      sockaddr_in6 scoped;
      std::memcpy(&scoped, address, sizeof scoped);
      scoped.sin6_scope_id = server.scope;
      return ::connect(fd, reinterpret_cast<sockaddr*>(&scoped), sizeof scoped);
    }
  }
  return ::connect(fd, address, size);
}

}  // namespace aisix::dns
