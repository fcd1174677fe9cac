#include "egress_worker/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"

namespace aisix::egress {
namespace {

// A port of this machine that nobody listens on may connect to itself when it is of the ephemeral range.
bool IsConnectedToItself(int fd) {
  sockaddr_storage local{};
  sockaddr_storage peer{};
  socklen_t local_size = sizeof local;
  socklen_t peer_size = sizeof peer;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_size) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return false;
  }
  return net::Address::From(reinterpret_cast<sockaddr*>(&local)) ==
         net::Address::From(reinterpret_cast<sockaddr*>(&peer));
}

std::string Reason(int error) {
  std::string text = std::strerror(error);
  if (!text.empty()) text[0] = absl::ascii_tolower(static_cast<unsigned char>(text[0]));
  return text;
}

}  // namespace

struct Connector::Attempt {
  Connector& connector;
  os::UniqueFd fd;
  std::unique_ptr<async::FdWatcher> watcher;  // goes before the descriptor
};

std::vector<net::Address> Interleave(const std::vector<net::Address>& addresses) {
  std::vector<net::Address> first;
  std::vector<net::Address> second;
  for (const net::Address& address : addresses) {
    (address.family == addresses.front().family ? first : second).push_back(address);
  }
  std::vector<net::Address> result;
  result.reserve(addresses.size());
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) result.push_back(first[i]);
    if (i < second.size()) result.push_back(second[i]);
  }
  return result;
}

Connector::Connector(async::Loop& loop, std::vector<net::Address> addresses, ConnectOptions options,
                     Callback callback)
    : loop_(loop), addresses_(std::move(addresses)), options_(options), callback_(std::move(callback)) {}

Connector::~Connector() = default;

void Connector::Start() {
  TryNext();
}

void Connector::TryNext() {
  stagger_.Stop();
  while (next_ < addresses_.size()) {
    int error = Begin(addresses_[next_++]);
    if (error != 0) {
      last_error_ = error;
      continue;
    }
    if (next_ < addresses_.size()) stagger_.Start(loop_, options_.stagger_ms, &Connector::OnStagger, this);
    return;
  }
  if (attempts_.empty()) Finish(absl::UnavailableError(Reason(last_error_)));
}

void Connector::OnStagger(void* self) {
  static_cast<Connector*>(self)->TryNext();
}

int Connector::Begin(const net::Address& address) {
  sockaddr_storage storage;
  socklen_t size = net::ToSockaddr(address, storage);
  os::UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  int one = 1;
  (void)setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  net::SetKeepAlive(fd.get(), options_.keep_alive);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0 && errno != EINPROGRESS) {
    return errno;
  }
  // A connection that exists already is found by the watcher as well: one path.
  attempts_.push_back(std::make_unique<Attempt>(Attempt{*this, std::move(fd), nullptr}));
  Attempt* attempt = attempts_.back().get();
  attempt->watcher =
      std::make_unique<async::FdWatcher>(loop_, attempt->fd.get(), &Connector::OnWritable, attempt);
  attempt->watcher->Watch(UV_WRITABLE);
  return 0;
}

void Connector::OnWritable(void* argument, int) {
  auto* attempt = static_cast<Attempt*>(argument);
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(attempt->fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == 0 && IsConnectedToItself(attempt->fd.get())) error = ECONNREFUSED;
  attempt->connector.Settle(attempt, error);
}

void Connector::Settle(Attempt* attempt, int error) {
  auto found = std::find_if(attempts_.begin(), attempts_.end(),
                            [&](const std::unique_ptr<Attempt>& entry) { return entry.get() == attempt; });
  std::unique_ptr<Attempt> settled = std::move(*found);
  attempts_.erase(found);
  settled->watcher.reset();
  if (error == 0) {
    Finish(std::move(settled->fd));
    return;
  }
  last_error_ = error;
  TryNext();
}

void Connector::Finish(absl::StatusOr<os::UniqueFd> result) {
  stagger_.Stop();
  attempts_.clear();
  Callback callback = std::move(callback_);
  callback(std::move(result));
}

}  // namespace aisix::egress
