#include "egress_worker/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>

#include "egress_worker/address_rules.h"

namespace aisix::egress {
namespace {

// Together less than the usual connect timeout of 5 s, so that a dead first server costs time, not the dial.
constexpr int kQueryTimeoutMs = 1500;
constexpr int kTries = 3;

bool IsLocalhost(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost");
}

absl::Status StatusOf(int ares_status) {
  switch (ares_status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return absl::NotFoundError("the host name does not resolve");
    case ARES_ETIMEOUT:
      return absl::UnavailableError("the name servers do not answer");
    default:
      return absl::UnavailableError("name resolution failed");
  }
}

}  // namespace

struct Resolver::Query {
  Resolver& resolver;
  std::string host;
  std::vector<Callback> callbacks;
};

struct Resolver::Socket {
  Socket(Resolver& resolver, ares_socket_t fd)
      : resolver(resolver), fd(fd), watcher(resolver.loop_, fd, &Socket::OnReady, this) {}
  static void OnReady(void* argument, int events) {
    auto* self = static_cast<Socket*>(argument);
    Resolver& resolver = self->resolver;
    ares_socket_t socket = self->fd;
    // May close this socket and destroy `self`.
    ares_process_fd(resolver.channel_, (events & UV_READABLE) != 0 ? socket : ARES_SOCKET_BAD,
                    (events & UV_WRITABLE) != 0 ? socket : ARES_SOCKET_BAD);
    resolver.ArmTimer();
  }

  Resolver& resolver;
  ares_socket_t fd;
  async::FdWatcher watcher;
};

Resolver::Resolver(async::Loop& loop, ResolverOptions options) : loop_(loop), options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Resolver>> Resolver::Make(async::Loop& loop, ResolverOptions options) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop, std::move(options)));
  if (absl::Status status = resolver->Open(); !status.ok()) return status;
  return resolver;
}

absl::Status Resolver::Open() {
  ares_options options{};
  options.timeout = kQueryTimeoutMs;
  options.tries = kTries;
  options.sock_state_cb = &Resolver::OnSocketState;
  options.sock_state_cb_data = this;
  int status =
      ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS && !options_.servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, options_.servers.c_str());
  }
  if (status != ARES_SUCCESS) {
    return absl::InternalError(std::string("resolver: ") + ares_strerror(status));
  }
  return absl::OkStatus();
}

Resolver::~Resolver() {
  for (auto& [host, query] : queries_) query->callbacks.clear();
  timer_.Stop();
  if (channel_ != nullptr) ares_destroy(channel_);
}

void Resolver::Resolve(const std::string& host, Callback callback) {
  if (net::Address literal = net::ParseAddress(host, 0); literal.family != net::Address::Family::kNone) {
    callback(std::vector<net::Address>{literal});
    return;
  }
  if (IsLocalhost(host)) {  // RFC 6761 §6.3: never asked of a server
    callback(std::vector<net::Address>{net::ParseAddress("::1", 0), net::ParseAddress("127.0.0.1", 0)});
    return;
  }
  if (auto running = queries_.find(host); running != queries_.end()) {
    running->second->callbacks.push_back(std::move(callback));
    return;
  }
  if (stale_ && queries_.empty()) {
    stale_ = false;
    ares_channel old = std::exchange(channel_, nullptr);
    if (Open().ok()) {
      ares_destroy(old);
    } else {
      if (channel_ != nullptr) ares_destroy(channel_);
      channel_ = old;  // files that cannot be read for a moment do not end name resolution
    }
  }
  auto owned = std::make_unique<Query>(Query{*this, host, {}});
  Query* query = owned.get();
  query->callbacks.push_back(std::move(callback));
  queries_.emplace(host, std::move(owned));
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NUMERICSERV;  // else glibc would load NSS modules for the service
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Resolver::OnAnswer, query);
  ArmTimer();
}

void Resolver::OnAnswer(void* argument, int status, int, ares_addrinfo* info) {
  auto* query = static_cast<Query*>(argument);
  std::vector<net::Address> addresses;
  if (info != nullptr) {
    for (ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
      net::Address address = net::Address::From(node->ai_addr);
      address.port = 0;
      if (address.family == net::Address::Family::kNone) continue;
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
        addresses.push_back(address);
    }
    ares_freeaddrinfo(info);
  }
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  Resolver& resolver = query->resolver;
  if (status != ARES_SUCCESS) {
    resolver.Answer(query, StatusOf(status));
  } else if (addresses.empty()) {
    resolver.Answer(query, StatusOf(ARES_ENODATA));
  } else {
    resolver.Answer(query, addresses);
  }
}

void Resolver::Answer(Query* query, const Result& result) {
  // A callback may ask for the same name again: that is a new query.
  auto found = queries_.find(query->host);
  std::unique_ptr<Query> owned = std::move(found->second);
  queries_.erase(found);
  for (Callback& callback : owned->callbacks) callback(result);
}

void Resolver::OnSocketState(void* argument, ares_socket_t fd, int readable, int writable) {
  auto* self = static_cast<Resolver*>(argument);
  if (readable == 0 && writable == 0) {
    self->sockets_.erase(fd);
    return;
  }
  std::unique_ptr<Socket>& socket = self->sockets_[fd];
  if (socket == nullptr) socket = std::make_unique<Socket>(*self, fd);
  socket->watcher.Watch((readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0));
}

void Resolver::ArmTimer() {
  timeval wait;
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
    timer_.Stop();
    return;
  }
  auto delay = static_cast<uint64_t>(wait.tv_sec) * 1000 + static_cast<uint64_t>(wait.tv_usec) / 1000 + 1;
  timer_.Start(
      loop_, delay,
      [](void* argument) {
        auto* self = static_cast<Resolver*>(argument);
        ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        self->ArmTimer();
      },
      this);
}

}  // namespace aisix::egress
