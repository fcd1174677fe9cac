// What the tests of servers and clients share: a loop on a thread of its own, and blocking sockets to talk to
// it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "lib/async/loop.h"
#include "lib/http/server.h"
#include "lib/os/unique_fd.h"

namespace aisix::http {

// A listening socket on a port of the kernel's choice.
inline std::pair<os::UniqueFd, uint16_t> ListenOnLoopback() {
  os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(fd.get(), 128), 0);
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return {std::move(fd), ntohs(address.sin_port)};
}

// Runs a loop until it is destroyed. Call() runs something on it and waits for the result.
class LoopThread {
 public:
  LoopThread() {
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~LoopThread() { Stop(); }
  void Stop() {
    if (!thread_.joinable()) return;
    loop_.Stop();
    thread_.join();
  }
  async::Loop& loop() { return loop_; }
  template <typename Function>
  auto Call(Function function) {
    std::promise<decltype(function())> promise;
    auto future = promise.get_future();
    loop_.Post([&] {
      if constexpr (std::is_void_v<decltype(function())>) {
        function();
        promise.set_value();
      } else {
        promise.set_value(function());
      }
    });
    return future.get();
  }
  // Bytes of the loop's buffers that are still held once it had time to give all of them back: a peer may
  // read the end of a response before the loop is done with it.
  size_t HeldBuffers() {
    size_t held = 0;
    for (int i = 0; i < 20'000; ++i) {
      held = Call([this] { return loop_.buffers().used_bytes(); });
      if (held == 0) break;
      std::this_thread::yield();
    }
    return held;
  }

 private:
  async::Loop loop_;
  std::thread thread_;
};

// A blocking peer; nothing waits longer than 20 s.
class Peer {
 public:
  Peer() = default;
  explicit Peer(os::UniqueFd fd) : fd_(std::move(fd)) { SetLimits(); }
  static Peer Connect(uint16_t port, int receive_buffer = 0) {
    os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return Peer(std::move(fd));
  }

  void Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<size_t>(size));
    }
  }
  // Empty at the end of file. `reset` says whether it ended by a reset.
  std::string Some() {
    char buffer[65536];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size < 0) {
      failed_ = true;
      reset_ = errno == ECONNRESET;
      timed_out_ = errno == EAGAIN;
    }
    return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : std::string();
  }
  std::string UntilClosed() {
    std::string all = std::exchange(rest_, {});
    for (std::string some = Some(); !some.empty(); some = Some()) all += some;
    return all;
  }
  // Until `mark` was read; what follows it stays for the next call.
  std::string Until(std::string_view mark) {
    size_t at;
    size_t from = 0;
    while ((at = rest_.find(mark, from)) == std::string::npos) {
      from = rest_.size() < mark.size() ? 0 : rest_.size() - mark.size();
      const std::string some = Some();
      if (some.empty()) return std::exchange(rest_, {});
      rest_ += some;
    }
    std::string result = rest_.substr(0, at + mark.size());
    rest_.erase(0, at + mark.size());
    return result;
  }
  std::string Bytes(size_t count) {
    while (rest_.size() < count) {
      const std::string some = Some();
      if (some.empty()) break;
      rest_ += some;
    }
    std::string result = rest_.substr(0, count);
    rest_.erase(0, count);
    return result;
  }
  // One response with a content-length: head and body.
  std::string Response() {
    std::string head = Until("\r\n\r\n");
    const size_t at = head.find("content-length: ");
    if (at == std::string::npos) return head;
    return head + Bytes(std::stoul(head.substr(at + 16)));
  }
  void ShutdownWrite() { ::shutdown(fd_.get(), SHUT_WR); }
  void Reset() {
    const linger option{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
    fd_.reset();
  }
  void Close() { fd_.reset(); }
  bool reset() const { return reset_; }
  bool timed_out() const { return timed_out_; }
  int fd() const { return fd_.get(); }
  // Whether something can be read within so many milliseconds.
  bool Readable(int milliseconds) {
    if (!rest_.empty()) return true;
    pollfd entry{fd_.get(), POLLIN, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
  }

 private:
  void SetLimits() {
    const timeval limit{20, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  os::UniqueFd fd_;
  std::string rest_;
  bool failed_ = false;
  bool reset_ = false;
  bool timed_out_ = false;
};

// A value that one thread waits for and another one sets.
template <typename T>
class Awaited {
 public:
  void Set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
    set_ = true;
    changed_.notify_all();
  }
  T Get() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return set_; })) {
      ADD_FAILURE() << "nothing came";
      return T{};
    }
    set_ = false;
    return std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
  bool set_ = false;
};

// Answers by path with coroutines.
class Routes : public Handler {
 public:
  using Route = std::function<async::Task<void>(ServerExchange&)>;

  void Add(std::string path, Route route) { routes_[std::move(path)] = std::move(route); }
  async::Maybe<void> Handle(ServerExchange& exchange) override {
    const auto found = routes_.find(std::string(exchange.request().path));
    if (found != routes_.end()) return found->second(exchange);
    return NotFound(exchange);
  }
  void RenderProtocolError(const ProtocolError& error, ServerExchange& exchange, ErrorReply& reply) override {
    reply.content_type = "text/plain";
    reply.body = "refused: " + std::string(error.reason) + "\n";
    reply.headers.push_back({"x-path", std::string(exchange.request().path)});
    reply.headers.push_back({"x-method", std::string(exchange.request().method)});
    for (const Header& line : exchange.request().headers) {
      reply.headers.push_back({"x-read", std::string(line.name) + "=" + std::string(line.value)});
    }
  }

 private:
  static async::Task<void> NotFound(ServerExchange& exchange) {
    async::Maybe<absl::Status> sent = exchange.Respond(404, {}, "no such path\n");
    (void)co_await sent;
  }

  std::map<std::string, Route> routes_;
};

// A server on a loop thread.
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {},
                      std::shared_ptr<const net::ServerSecurity> security = nullptr) {
    auto [fd, port] = ListenOnLoopback();
    port_ = port;
    thread_.Call([&, socket = std::move(fd)]() mutable {
      server_ = std::make_unique<Server>(thread_.loop(), routes_, std::move(options));
      if (security) server_->SetSecurity(security);
      EXPECT_TRUE(server_->Listen(std::move(socket), security != nullptr).ok());
    });
  }
  ~TestServer() {
    thread_.Call([&] { server_.reset(); });
  }
  uint16_t port() const { return port_; }
  Server& server() { return *server_; }
  Routes& routes() { return routes_; }
  LoopThread& thread() { return thread_; }
  // Waits until so many connections are there.
  void AwaitConnections(size_t count) {
    for (int i = 0; i < 20'000 && server_->connections() != count; ++i) usleep(1000);
    EXPECT_EQ(server_->connections(), count);
  }

 private:
  LoopThread thread_;
  Routes routes_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

inline std::string_view ViewOf(std::span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

// Routes that most tests want: /hello, /echo (whole body), /pieces (streamed echo).
inline async::Task<void> Hello(ServerExchange& exchange) {
  async::Maybe<absl::Status> sent = exchange.Respond(200, {}, "hello\n");
  (void)co_await sent;
}

inline async::Task<void> Echo(ServerExchange& exchange) {
  auto reading = exchange.ReadBody(0);
  absl::StatusOr<std::span<char>> body = co_await reading;
  if (!body.ok()) {
    const std::string text(body.status().message());
    async::Maybe<absl::Status> sent = exchange.Respond(400, {}, text);
    (void)co_await sent;
    co_return;
  }
  EXPECT_EQ(*(body->data() + body->size()), '\0');
  async::Maybe<absl::Status> sent = exchange.Respond(200, {}, ViewOf(*body));
  (void)co_await sent;
}

inline async::Task<void> EchoPieces(ServerExchange& exchange) {
  while (true) {
    auto reading = exchange.ReadSome();
    absl::StatusOr<std::string_view> piece = co_await reading;
    if (!piece.ok()) co_return;
    if (!exchange.response_started()) exchange.StartStream(200, {});
    if (piece->empty()) break;
    auto writing = exchange.Write(*piece);
    const absl::Status written = co_await writing;
    if (!written.ok()) co_return;
  }
  auto finishing = exchange.Finish();
  (void)co_await finishing;
}

}  // namespace aisix::http
