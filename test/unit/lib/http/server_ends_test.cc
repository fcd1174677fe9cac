#include "server_fixture.h"

namespace aisix::http {
namespace {

TEST_F(ServerTest, BodyLimit) {
  Begin();
  routes().Add("/limited", [](ServerExchange& exchange) -> async::Task<void> {
    auto reading = exchange.ReadBody(10);
    const auto body = co_await reading;
    const int status = body.ok()                                                      ? 200
                       : body.status().code() == absl::StatusCode::kResourceExhausted ? 413
                                                                                      : 500;
    auto sent = exchange.Respond(status, {}, {});
    (void)co_await sent;
  });
  const auto status_of = [&](const std::string& request) {
    Peer peer = Connect();
    peer.Send(request);
    return peer.Response().substr(9, 3);
  };
  EXPECT_EQ(status_of(Post("/limited", "0123456789")), "200");
  EXPECT_EQ(status_of(Post("/limited", "0123456789a")), "413");
  const std::string chunked = "POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status_of(chunked + "a\r\n0123456789\r\n0\r\n\r\n"), "200");
  EXPECT_EQ(status_of(chunked + "b\r\n0123456789a\r\n0\r\n\r\n"), "413");
  // Refused as soon as the limit is passed, not at the end of the body.
  EXPECT_EQ(status_of(chunked + "ffff\r\n0123456789a"), "413");
}

TEST_F(ServerTest, AnAnswerToAnUnreadBodyIsReadable) {
  Begin();
  routes().Add("/refuse", [](ServerExchange& exchange) -> async::Task<void> {
    auto sent = exchange.Respond(413, {}, "too large");
    (void)co_await sent;
  });
  const std::string body = Pattern(3'000'000);
  Peer peer = Connect();
  peer.Send(Post("/refuse", body));  // all of it is taken, and dropped
  const std::string response = peer.UntilClosed();
  EXPECT_EQ(BodyOf(response), "too large");
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  EXPECT_FALSE(peer.reset());
  // A small one is read over, and the connection stays.
  Peer small = Connect();
  small.Send(Post("/refuse", Pattern(50'000)) + Get("/hello"));
  EXPECT_EQ(BodyOf(small.Response()), "too large");
  EXPECT_EQ(BodyOf(small.Response()), "hello\n");
}

TEST_F(ServerTest, DrainTellsHowItEnded) {
  Begin();
  Awaited<DrainResult> result;
  uint64_t max_bytes = 1'000'000;
  uint64_t max_ms = 10'000;
  routes().Add("/drain", [&](ServerExchange& exchange) -> async::Task<void> {
    auto draining = exchange.Drain(max_bytes, max_ms);
    const DrainResult drained = co_await draining;
    result.Set(drained);
    auto sent = exchange.Respond(413, {}, {});
    (void)co_await sent;
  });
  {
    Peer peer = Connect();
    peer.Send(Post("/drain", Pattern(900'000)));
    EXPECT_EQ(result.Get(), DrainResult::kCompleted);
    EXPECT_EQ(peer.Response().substr(9, 3), "413");
  }
  {
    Peer peer = Connect();
    peer.Send(Post("/drain", Pattern(2'000'000)));
    EXPECT_EQ(result.Get(), DrainResult::kCapReached);
    EXPECT_EQ(peer.Response().substr(9, 3), "413");
  }
  max_ms = 20;
  {
    Peer peer = Connect();
    peer.Send("POST /drain HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    EXPECT_EQ(result.Get(), DrainResult::kTimeout);
    EXPECT_EQ(peer.Response().substr(9, 3), "413");
  }
  max_ms = 10'000;
  Peer peer = Connect();
  peer.Send("POST /drain HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  peer.Close();
  EXPECT_EQ(result.Get(), DrainResult::kClientReadError);
}

TEST_F(ServerTest, CallerThatVanishesRunsTheHook) {
  Begin();
  Awaited<bool> waiting;
  Awaited<std::string> hooked;
  async::Event gate;
  routes().Add("/wait", [&](ServerExchange& exchange) -> async::Task<void> {
    auto hook = [&] {
      hooked.Set("gone");
      gate.Set();
    };
    exchange.OnAbort(hook);
    waiting.Set(true);
    co_await gate.Wait();
    EXPECT_TRUE(exchange.caller_gone());
    auto sent = exchange.Respond(200, {}, "nobody");
    const absl::Status status = co_await sent;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  });
  for (const char* how : {"close", "reset", "half"}) {
    Peer peer = Connect();
    peer.Send(Get("/wait"));
    EXPECT_TRUE(waiting.Get());
    EXPECT_EQ(server_->server().in_flight(), 1u);
    if (how == std::string_view("close")) peer.Close();
    if (how == std::string_view("reset")) peer.Reset();
    if (how == std::string_view("half")) peer.ShutdownWrite();
    EXPECT_EQ(hooked.Get(), "gone") << how;
    server_->AwaitConnections(0);
    EXPECT_EQ(server_->server().in_flight(), 0u);
  }
}

TEST_F(ServerTest, CallerThatVanishesWhileItIsWrittenTo) {
  Begin();
  Awaited<absl::Status> ended;
  const std::string piece = Pattern(1'000'000);
  routes().Add("/stream", [&](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    absl::Status status;
    while (status.ok()) {
      auto writing = exchange.Write(piece);
      status = co_await writing;
    }
    ended.Set(status);
  });
  Peer peer = Connect(16 * 1024);
  peer.Send(Get("/stream"));
  EXPECT_NE(peer.Until("\r\n\r\n"), "");
  peer.Reset();
  EXPECT_EQ(ended.Get().code(), absl::StatusCode::kUnavailable);
  server_->AwaitConnections(0);
}

TEST_F(ServerTest, CallerThatVanishesInsideItsBody) {
  Begin();
  Awaited<absl::Status> ended;
  routes().Add("/read", [&](ServerExchange& exchange) -> async::Task<void> {
    auto reading = exchange.ReadBody(0);
    const auto body = co_await reading;
    ended.Set(body.status());
  });
  Peer peer = Connect();
  peer.Send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  peer.Close();
  EXPECT_EQ(ended.Get().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServerTest, HandlersThatForgetToAnswer) {
  Begin();
  routes().Add("/nothing", [](ServerExchange&) -> async::Task<void> { co_return; });
  routes().Add("/half", [](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    auto writing = exchange.Write("half");
    (void)co_await writing;
  });
  Peer nothing = Connect();
  nothing.Send(Get("/nothing"));
  EXPECT_EQ(nothing.UntilClosed().substr(0, 12), "HTTP/1.1 500");
  Peer half = Connect();
  half.Send(Get("/half"));
  const std::string response = half.UntilClosed();
  EXPECT_NE(response.find("4\r\nhalf\r\n"), std::string::npos);
  EXPECT_EQ(response.find("0\r\n\r\n"), std::string::npos);
  // Without framing only a reset tells.
  Peer old = Connect();
  old.Send("GET /half HTTP/1.0\r\n\r\n");
  (void)old.UntilClosed();
  EXPECT_TRUE(old.reset());
}

TEST_F(ServerTest, IdleTimeout) {
  ServerOptions options;
  options.idle_timeout_ms = 30;
  Begin(options);
  Peer idle = Connect();
  EXPECT_EQ(idle.UntilClosed(), "");
  Peer slow = Connect();
  slow.Send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_EQ(slow.UntilClosed().substr(0, 12), "HTTP/1.1 408");
  Peer between = Connect();
  between.Send(Get("/hello"));
  EXPECT_EQ(BodyOf(between.Response()), "hello\n");
  EXPECT_EQ(between.UntilClosed(), "");
}

TEST_F(ServerTest, ClosingAndStopping) {
  Begin();
  async::Event gate;
  Awaited<bool> waiting;
  routes().Add("/wait", [&](ServerExchange& exchange) -> async::Task<void> {
    waiting.Set(true);
    co_await gate.Wait();
    auto sent = exchange.Respond(200, {}, "done");
    (void)co_await sent;
  });
  Peer idle = Connect();
  idle.Send(Get("/hello"));
  EXPECT_EQ(BodyOf(idle.Response()), "hello\n");
  Peer busy = Connect();
  busy.Send(Get("/wait"));
  EXPECT_TRUE(waiting.Get());
  server_->thread().Call([&] { server_->server().SetClosing(); });
  // Still accepts, still answers, and says that it closes.
  Peer late = Connect();
  late.Send(Get("/hello"));
  EXPECT_NE(late.UntilClosed().find("connection: close\r\n"), std::string::npos);
  EXPECT_FALSE(idle.Readable(0));
  server_->thread().Call([&] { server_->server().StopAccepting(); });
  EXPECT_EQ(idle.UntilClosed(), "");
  EXPECT_EQ(server_->server().in_flight(), 1u);
  server_->thread().Call([&] { gate.Set(); });
  const std::string response = busy.UntilClosed();
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(response), "done");
  for (Peer* peer : {&idle, &busy, &late}) peer->Close();
  server_->AwaitConnections(0);
}

TEST_F(ServerTest, DestroyingItAbandonsWhatRuns) {
  Begin();
  async::Event gate;
  Awaited<bool> waiting;
  auto alive = std::make_shared<int>(0);
  routes().Add("/wait", [&](ServerExchange& exchange) -> async::Task<void> {
    const std::shared_ptr<int> held = alive;
    exchange.StartStream(200, {});
    waiting.Set(true);
    co_await gate.Wait();
  });
  Peer busy = Connect();
  busy.Send(Get("/wait"));
  EXPECT_TRUE(waiting.Get());
  EXPECT_EQ(alive.use_count(), 2);
  server_.reset();
  EXPECT_EQ(alive.use_count(), 1);
  (void)busy.UntilClosed();
}

TEST_F(ServerTest, ReleasedRequestsHoldNoBuffer) {
  Begin();
  async::Event gate;
  Awaited<bool> waiting;
  routes().Add("/wait", [&](ServerExchange& exchange) -> async::Task<void> {
    auto reading = exchange.ReadBody(0);
    (void)co_await reading;
    exchange.StartStream(200, {});
    auto writing = exchange.Write("first");
    (void)co_await writing;
    exchange.ReleaseRequest();
    waiting.Set(true);
    co_await gate.Wait();
    auto last = exchange.Finish();
    (void)co_await last;
  });
  Peer peer = Connect();
  peer.Send(Post("/wait", Pattern(100'000)));
  EXPECT_TRUE(waiting.Get());
  EXPECT_EQ(server_->thread().HeldBuffers(), 0u);
  server_->thread().Call([&] { gate.Set(); });
  EXPECT_NE(peer.Until("\r\n0\r\n\r\n"), "");
  peer.Send(Get("/hello"));
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
}

TEST_F(ServerTest, ConnectionsThatEndTogetherShareABuffer) {
  Begin();
  constexpr size_t kCount = 40;
  std::vector<Peer> peers;
  for (size_t i = 0; i < kCount; ++i) peers.push_back(Connect());
  server_->AwaitConnections(kCount);
  // The loop, which closes them itself, sees all ends in its next turn.
  server_->thread().Call([&] { peers.clear(); });
  server_->AwaitConnections(0);
  size_t free = 0;
  server_->thread().Call([&] { free = server_->thread().loop().buffers().free_bytes(); });
  EXPECT_GT(free, 0u);
  EXPECT_LE(free, 2 * 16 * 1024u);
}

TEST_F(ServerTest, SeesThePeerAndTheParsedTarget) {
  Begin();
  routes().Add("/show", [](ServerExchange& exchange) -> async::Task<void> {
    const RequestHead& head = exchange.request();
    const std::string text = std::string(head.method) + "|" + std::string(head.path) + "|" +
                             std::string(head.query) + "|" + std::string(head.host) + "|" +
                             exchange.peer().Ip() + "|" +
                             std::string(head.headers.Find("X-A").value_or("none")) + "|" +
                             std::to_string(head.headers.Count("x-b"));
    auto sent = exchange.Respond(200, {}, text);
    (void)co_await sent;
  });
  Peer peer = Connect();
  peer.Send("DELETE /show?a=b&c HTTP/1.1\r\nHost: h:1\r\nx-a:  v \r\nX-B: 1\r\nX-b: 2\r\n\r\n");
  EXPECT_EQ(BodyOf(peer.Response()), "DELETE|/show|a=b&c|h:1|127.0.0.1|v|2");
}

TEST_F(ServerTest, ServesASocketPair) {
  Begin();
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  os::UniqueFd ours(pair[0]);
  server_->thread().Call([&] { server_->server().Adopt(std::move(ours), net::Address(), false); });
  Peer peer{os::UniqueFd(pair[1])};
  peer.Send(Get("/hello"));
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
}

}  // namespace
}  // namespace aisix::http
