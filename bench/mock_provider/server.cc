#include "bench/mock_provider/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/mock_provider/connection.h"

namespace aisix::mock {

Worker::Worker(int listening_fd, const Behaviour& defaults, Statistics& statistics)
    : fd_(listening_fd),
      defaults_(defaults),
      statistics_(statistics),
      buffer_(std::make_unique<char[]>(kReadBytes)) {
  uv_loop_init(&loop_);
  uv_tcp_init(&loop_, &listener_);
  listener_.data = this;
  uv_async_init(&loop_, &stop_, [](uv_async_t* async) { uv_stop(async->loop); });
}

Worker::~Worker() {
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

int Worker::Run() {
  if (int error = uv_tcp_open(&listener_, fd_); error != 0) return error;
  int error =
      uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 4096, [](uv_stream_t* server, int status) {
        if (status == 0) Connection::Accept(*static_cast<Worker*>(server->data), server);
      });
  if (error != 0) return error;
  uv_run(&loop_, UV_RUN_DEFAULT);
  return 0;
}

void Worker::Stop() {
  uv_async_send(&stop_);
}

int BindSocket(const char* host, int& port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    errno = EINVAL;
  } else if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    return fd;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace aisix::mock
