// What a request in the steady state costs, counted and not timed: no allocation, and the system calls that
// cannot be saved. Whole requests pass through a server, a client and a second server on one loop.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>

#include "lib/http/client.h"
#include "support.h"

#if defined(__SANITIZE_ADDRESS__)
#define AISIX_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AISIX_COUNTS 0
#endif
#endif
#ifndef AISIX_COUNTS
#define AISIX_COUNTS 1
#endif

namespace {

struct Counts {
  long allocations = 0;
  long reads = 0;
  long writes = 0;
  long controls = 0;
  long waits = 0;
};
constinit thread_local Counts counts;

}  // namespace

#if AISIX_COUNTS
// The dynamic linker prefers these to the C library's, also for libuv.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);

void* malloc(size_t size) {
  ++counts.allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++counts.allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  ++counts.allocations;
  return __libc_realloc(memory, size);
}
ssize_t read(int fd, void* data, size_t size) {
  static const auto next = reinterpret_cast<ssize_t (*)(int, void*, size_t)>(dlsym(RTLD_NEXT, "read"));
  ++counts.reads;
  return next(fd, data, size);
}
ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = reinterpret_cast<ssize_t (*)(int, const void*, size_t)>(dlsym(RTLD_NEXT, "write"));
  ++counts.writes;
  return next(fd, data, size);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  static const auto next = reinterpret_cast<ssize_t (*)(int, const iovec*, int)>(dlsym(RTLD_NEXT, "writev"));
  ++counts.writes;
  return next(fd, pieces, count);
}
int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  static const auto next =
      reinterpret_cast<int (*)(int, int, int, epoll_event*)>(dlsym(RTLD_NEXT, "epoll_ctl"));
  ++counts.controls;
  return next(epoll, operation, fd, event);
}
int epoll_pwait(int epoll, epoll_event* events, int size, int timeout, const sigset_t* mask) {
  static const auto next = reinterpret_cast<int (*)(int, epoll_event*, int, int, const sigset_t*)>(
      dlsym(RTLD_NEXT, "epoll_pwait"));
  ++counts.waits;
  return next(epoll, events, size, timeout, mask);
}
int epoll_wait(int epoll, epoll_event* events, int size, int timeout) {
  static const auto next =
      reinterpret_cast<int (*)(int, epoll_event*, int, int)>(dlsym(RTLD_NEXT, "epoll_wait"));
  ++counts.waits;
  return next(epoll, events, size, timeout);
}
}
#endif

namespace aisix::http {
namespace {

constexpr int kWarmUp = 100;
constexpr int kCounted = 1000;

// Forwards what it gets to the upstream; a proxy in its smallest form.
class Forwarder : public Handler {
 public:
  Forwarder(ClientPool& pool, uint16_t upstream) : pool_(pool) {
    origin_.host = "127.0.0.1";
    origin_.port = upstream;
    origin_.host_header = "upstream";
  }
  async::Maybe<void> Handle(ServerExchange& exchange) override {
    if (++requests == kWarmUp) before = counts;
    if (requests == kWarmUp + kCounted) after = counts;
    return exchange.request().path == "/stream" ? Stream(exchange) : Whole(exchange);
  }

  int requests = 0;
  Counts before;
  Counts after;

 private:
  async::Task<void> Whole(ServerExchange& exchange) {
    auto reading = exchange.ReadBody(1 << 20);
    const absl::StatusOr<std::span<char>> body = co_await reading;
    if (!body.ok()) co_return;
    ClientExchange upstream(pool_);
    auto cancel = [&upstream] { upstream.Cancel(); };
    exchange.OnAbort(cancel);
    const std::string_view piece = ViewOf(*body);
    const Header headers[] = {{"content-type", "application/json"}};
    ClientRequest request;
    request.target = "/echo";
    request.headers = headers;
    request.body = {&piece, 1};
    SendOptions options;
    options.deadline_ms = exchange.loop().NowMs() + 60'000;
    auto sending = upstream.Send(origin_, request, options);
    if (!(co_await sending).ok()) co_return;
    auto receiving = upstream.ReceiveHead(options.deadline_ms);
    const absl::StatusOr<const ResponseHead*> head = co_await receiving;
    if (!head.ok()) co_return;
    auto collecting = upstream.ReadAll(0, options.deadline_ms);
    const absl::StatusOr<std::span<char>> whole = co_await collecting;
    if (!whole.ok()) co_return;
    auto sent = exchange.Respond((*head)->status, headers, ViewOf(*whole));
    (void)co_await sent;
  }

  async::Task<void> Stream(ServerExchange& exchange) {
    ClientExchange upstream(pool_);
    ClientRequest request;
    request.target = "/pieces";
    const std::string_view piece = "data: {}\n\n";
    request.body = {&piece, 1};
    auto sending = upstream.Send(origin_, request, SendOptions());
    if (!(co_await sending).ok()) co_return;
    auto receiving = upstream.ReceiveHead(0);
    const absl::StatusOr<const ResponseHead*> head = co_await receiving;
    if (!head.ok()) co_return;
    exchange.StartStream(200, {});
    while (true) {
      auto reading = upstream.Read(exchange.loop().NowMs() + 60'000);
      const absl::StatusOr<std::string_view> read = co_await reading;
      if (!read.ok() || read->empty()) break;
      auto writing = exchange.Write(*read);
      if (!(co_await writing).ok()) co_return;
    }
    auto finishing = exchange.Finish();
    (void)co_await finishing;
  }

  ClientPool& pool_;
  Origin origin_;
};

class SteadyState : public testing::Test {
 protected:
  SteadyState() {
    upstream_.routes().Add("/echo", Echo);
    upstream_.routes().Add("/pieces", EchoPieces);
    auto [fd, port] = ListenOnLoopback();
    port_ = port;
    thread_.Call([&, socket = std::move(fd)]() mutable {
      dialer_ = std::make_unique<net::DirectDialer>(thread_.loop());
      pool_ = std::make_unique<ClientPool>(thread_.loop(), *dialer_, ClientPoolOptions());
      handler_ = std::make_unique<Forwarder>(*pool_, upstream_.port());
      ServerOptions options;
      options.idle_timeout_ms = 60'000;
      options.server_header = "test";
      server_ = std::make_unique<Server>(thread_.loop(), *handler_, options);
      EXPECT_TRUE(server_->Listen(std::move(socket), false).ok());
    });
  }
  ~SteadyState() override {
    thread_.Call([&] {
      server_.reset();
      pool_.reset();
      dialer_.reset();
    });
  }

  TestServer upstream_;
  LoopThread thread_;
  std::unique_ptr<net::DirectDialer> dialer_;
  std::unique_ptr<ClientPool> pool_;
  std::unique_ptr<Forwarder> handler_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

TEST_F(SteadyState, AWholeRequestAllocatesNothingAndMakesFourTransfers) {
  Peer peer = Peer::Connect(port_);
  const std::string body(1000, 'x');
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: 1000\r\n\r\n" + body;
  for (int i = 0; i < kWarmUp + kCounted; ++i) {
    peer.Send(request);
    ASSERT_EQ(peer.Response().substr(0, 12), "HTTP/1.1 200");
  }
#if AISIX_COUNTS
  const Counts& before = handler_->before;
  const Counts& after = handler_->after;
  EXPECT_EQ(after.allocations - before.allocations, 0);
  EXPECT_EQ(after.controls - before.controls, 0);
  EXPECT_EQ(after.writes - before.writes, 2 * kCounted);
  EXPECT_EQ(after.reads - before.reads, 2 * kCounted);
  EXPECT_GT(after.waits - before.waits, 0);  // the counters work at all
#endif
}

TEST_F(SteadyState, AStreamedRequestAllocatesNothing) {
  Peer peer = Peer::Connect(port_);
  for (int i = 0; i < kWarmUp + kCounted; ++i) {
    peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_NE(peer.Until("\r\n0\r\n\r\n").find("data: {}"), std::string::npos);
  }
#if AISIX_COUNTS
  const Counts& before = handler_->before;
  const Counts& after = handler_->after;
  EXPECT_EQ(after.allocations - before.allocations, 0);
  EXPECT_EQ(after.controls - before.controls, 0);
#endif
}

}  // namespace
}  // namespace aisix::http
