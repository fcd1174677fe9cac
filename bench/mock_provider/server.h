// One worker of the mock provider: a loop of its own with its own SO_REUSEPORT socket.
#pragma once

#include <uv.h>

#include <memory>

#include "bench/mock_provider/behaviour.h"
#include "bench/mock_provider/statistics.h"
#include "simdjson.h"

namespace aisix::mock {

class Worker {
 public:
  // `listening_fd`: bound, owned by the worker from here on.
  Worker(int listening_fd, const Behaviour& defaults, Statistics& statistics);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Serves until Stop(). 0, or a libuv error when the socket cannot be used.
  int Run();
  // From any thread.
  void Stop();

  uv_loop_t* loop() { return &loop_; }
  const Behaviour& defaults() const { return defaults_; }
  Statistics& statistics() { return statistics_; }
  simdjson::dom::parser& parser() { return parser_; }
  // The one read buffer: a read is consumed before the next begins.
  uv_buf_t read_buffer() { return uv_buf_init(buffer_.get(), kReadBytes); }

 private:
  static constexpr size_t kReadBytes = 64 * 1024;

  uv_loop_t loop_;
  uv_tcp_t listener_;
  uv_async_t stop_;
  const int fd_;
  const Behaviour& defaults_;
  Statistics& statistics_;
  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> buffer_;
};

// A TCP socket bound to 127.0.0.1 or `host`, with SO_REUSEPORT; -1 and errno on failure. `port` is in/out: 0
// lets the kernel choose.
int BindSocket(const char* host, int& port);

}  // namespace aisix::mock
