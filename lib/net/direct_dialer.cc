#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

#include "lib/async/event.h"
#include "lib/net/dialer.h"

namespace aisix::net {
namespace {

// Waits until a socket is connected, or has failed.
class Connecting {
 public:
  Connecting(async::Loop& loop, int socket) : poll_(new uv_poll_t) {
    uv_poll_init(loop.uv(), poll_, socket);
    poll_->data = this;
    uv_poll_start(poll_, UV_WRITABLE, [](uv_poll_t* handle, int, int) {
      uv_poll_stop(handle);
      static_cast<Connecting*>(handle->data)->done_.Set();
    });
  }
  ~Connecting() {
    uv_close(reinterpret_cast<uv_handle_t*>(poll_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  void SetTimeout(async::Loop& loop, uint64_t timeout_ms) {
    timer_.Start(
        loop, timeout_ms,
        [](void* argument) {
          auto* self = static_cast<Connecting*>(argument);
          self->timed_out_ = true;
          self->done_.Set();
        },
        this);
  }
  async::Event& done() { return done_; }
  bool timed_out() const { return timed_out_; }

 private:
  uv_poll_t* poll_;
  async::Timer timer_;
  async::Event done_;
  bool timed_out_ = false;
};

absl::Status ConnectError(int code) {
  return absl::UnavailableError(uv_strerror(uv_translate_sys_error(code)));
}

}  // namespace

async::Task<absl::StatusOr<os::UniqueFd>> DirectDialer::Dial(std::string host, uint16_t port,
                                                             uint64_t timeout_ms) {
  if (host == "localhost") host = "127.0.0.1";
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof *v6;
  } else {
    co_return absl::NotFoundError("name does not resolve");
  }
  os::UniqueFd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) co_return ConnectError(errno);
  const int on = 1;
  (void)setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    if (errno != EINPROGRESS) co_return ConnectError(errno);
    Connecting connecting(loop_, socket.get());
    if (timeout_ms > 0) connecting.SetTimeout(loop_, timeout_ms);
    co_await connecting.done().Wait();
    if (connecting.timed_out()) co_return absl::DeadlineExceededError("connect timed out");
    int error = 0;
    socklen_t length = sizeof error;
    (void)getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) co_return ConnectError(error);
  }
  co_return socket;
}

}  // namespace aisix::net
