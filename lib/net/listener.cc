#include "lib/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace aisix::net {
namespace {

constexpr uint64_t kPauseMs = 100;
// Of one turn of the loop: requests of connections that exist wait no longer than this.
constexpr int kMaxAccepts = 16;

}  // namespace

struct Listener::Poll {
  uv_poll_t handle;
  Listener* owner;
};

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(async::Loop& loop, os::UniqueFd socket,
                                                          OnAccept on_accept) {
  std::unique_ptr<Listener> self(new Listener(loop));
  self->socket_ = std::move(socket);
  self->on_accept_ = std::move(on_accept);
  // Accepted sockets inherit it: one system call less for each.
  const int on = 1;
  (void)setsockopt(self->socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto poll = std::make_unique<Poll>();
  if (const int error = uv_poll_init(loop.uv(), &poll->handle, self->socket_.get()); error != 0) {
    return absl::InternalError(uv_strerror(error));
  }
  poll->owner = self.get();
  poll->handle.data = poll.get();
  self->poll_ = poll.release();
  if (const int error = uv_poll_start(&self->poll_->handle, UV_READABLE, OnReadable); error != 0) {
    return absl::InternalError(uv_strerror(error));
  }
  return self;
}

Listener::~Listener() {
  if (!poll_) return;
  poll_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_->handle),
           [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
}

void Listener::OnReadable(uv_poll_t* handle, int, int) {
  if (Listener* self = static_cast<Poll*>(handle->data)->owner) self->Accept();
}

void Listener::Accept() {
  const Poll* poll = poll_;  // survives a callback that destroys the listener
  for (int i = 0; i < kMaxAccepts; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    os::UniqueFd accepted(accept4(socket_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted.valid()) {
      if (errno == EAGAIN) return;
      if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
      Pause();
      return;
    }
    on_accept_(std::move(accepted), Address::From(address));
    if (!poll->owner) return;
  }
}

void Listener::Pause() {
  ++failures_;
  uv_poll_stop(&poll_->handle);
  pause_.Start(
      loop_, kPauseMs,
      [](void* self) {
        uv_poll_start(&static_cast<Listener*>(self)->poll_->handle, UV_READABLE, OnReadable);
      },
      this);
}

void SetKeepAlive(int socket, const KeepAlive& keep_alive) {
  const int on = keep_alive.idle_s > 0;
  (void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (!on) return;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive.idle_s, sizeof(int));
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &keep_alive.interval_s, sizeof(int));
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &keep_alive.retries, sizeof(int));
}

}  // namespace aisix::net
