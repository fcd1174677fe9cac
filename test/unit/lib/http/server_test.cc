#include "lib/http/server.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/async/event.h"
#include "support.h"

namespace aisix::http {
namespace {

std::string Get(std::string_view path, std::string_view lines = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string Post(std::string_view path, std::string_view body, std::string_view lines = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(lines) + "\r\n" + std::string(body);
}

std::string BodyOf(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

std::string Dechunk(std::string_view text) {
  std::string body;
  while (true) {
    const size_t end = text.find("\r\n");
    const size_t size = end == std::string_view::npos
                            ? 0
                            : std::strtoul(std::string(text.substr(0, end)).c_str(), nullptr, 16);
    if (size == 0 || text.size() < end + 4 + size) return body;
    text.remove_prefix(end + 2);
    body += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
}

// Bytes whose place can be told.
std::string Pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class ServerTest : public testing::Test {
 protected:
  void Begin(ServerOptions options = {}) {
    server_.emplace(std::move(options));
    routes().Add("/hello", Hello);
    routes().Add("/echo", Echo);
    routes().Add("/pieces", EchoPieces);
  }
  Routes& routes() { return server_->routes(); }
  Peer Connect(int receive_buffer = 0) { return Peer::Connect(server_->port(), receive_buffer); }

  std::optional<TestServer> server_;
};

TEST_F(ServerTest, KeepsConnectionsAndAddsItsHeaders) {
  ServerOptions options;
  options.server_header = "AISIX/1";
  Begin(options);
  Peer peer = Connect();
  for (int i = 0; i < 3; ++i) {
    peer.Send(Get("/hello"));
    const std::string response = peer.Response();
    EXPECT_EQ(response.substr(0, 17), "HTTP/1.1 200 OK\r\n");
    EXPECT_NE(response.find("\r\nserver: AISIX/1\r\n"), std::string::npos);
    EXPECT_NE(response.find("\r\ndate: "), std::string::npos);
    EXPECT_NE(response.find(" GMT\r\n"), std::string::npos);
    EXPECT_EQ(response.find("connection:"), std::string::npos);
    EXPECT_EQ(BodyOf(response), "hello\n");
  }
  EXPECT_EQ(server_->server().connections(), 1u);
}

TEST_F(ServerTest, ConnectionCloseIsHonoured) {
  Begin();
  Peer peer = Connect();
  peer.Send(Get("/hello", "Connection: close\r\n"));
  const std::string response = peer.UntilClosed();
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(response), "hello\n");
  EXPECT_FALSE(peer.reset());
  server_->AwaitConnections(0);
}

TEST_F(ServerTest, Http10ClosesUnlessAskedNotTo) {
  Begin();
  {
    Peer peer = Connect();
    peer.Send("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(BodyOf(peer.UntilClosed()), "hello\n");
  }
  Peer peer = Connect();
  for (int i = 0; i < 2; ++i) {
    peer.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(peer.Response().find("connection: keep-alive\r\n"), std::string::npos);
  }
}

TEST_F(ServerTest, HeadHasNoBody) {
  Begin();
  Peer peer = Connect();
  peer.Send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/hello"));
  EXPECT_NE(peer.Until("\r\n\r\n").find("content-length: 6\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
  peer.Send("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/hello"));
  EXPECT_NE(peer.Until("\r\n\r\n").find("transfer-encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
}

TEST_F(ServerTest, NoContentHasNoLength) {
  Begin();
  routes().Add("/none", [](ServerExchange& exchange) -> async::Task<void> {
    auto sent = exchange.Respond(204, {}, {});
    (void)co_await sent;
  });
  Peer peer = Connect();
  peer.Send(Get("/none") + Get("/hello"));
  const std::string head = peer.Until("\r\n\r\n");
  EXPECT_EQ(head.substr(0, 25), "HTTP/1.1 204 No Content\r\n");
  EXPECT_EQ(head.find("content-length"), std::string::npos);
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Begin();
  Peer peer = Connect();
  std::string requests;
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    const std::string body = "body " + std::to_string(i);
    requests += i % 2 ? Post("/echo", body)
                      : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n" +
                            body.substr(0, 3) + "\r\n" +
                            std::string(1, static_cast<char>('0' + body.size() - 3)) + "\r\n" +
                            body.substr(3) + "\r\n0\r\n\r\n";
  }
  std::thread sender([&] { peer.Send(requests); });
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(BodyOf(peer.Response()), "body " + std::to_string(i));
  sender.join();
}

TEST_F(ServerTest, PipeliningByteByByte) {
  Begin();
  Peer peer = Connect();
  const std::string requests = Post("/echo", "one") + Get("/hello") + Post("/echo", "three");
  std::thread sender([&] {
    for (char c : requests) peer.Send({&c, 1});
  });
  EXPECT_EQ(BodyOf(peer.Response()), "one");
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
  EXPECT_EQ(BodyOf(peer.Response()), "three");
  sender.join();
}

TEST_F(ServerTest, ReadsAheadOnlyABufferFull) {
  Begin();
  async::Event gate;
  Awaited<bool> waiting;
  routes().Add("/wait", [&](ServerExchange& exchange) -> async::Task<void> {
    waiting.Set(true);
    co_await gate.Wait();
    auto sent = exchange.Respond(200, {}, "done");
    (void)co_await sent;
  });
  Peer peer = Connect();
  peer.Send(Get("/wait"));
  EXPECT_TRUE(waiting.Get());
  // Far more than the server is willing to hold; the sender gets stuck until the first request is answered.
  std::string more;
  constexpr int kCount = 10'000;
  const std::string padding = "X-Padding: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < kCount; ++i) more += Get("/hello", padding);
  std::thread sender([&] { peer.Send(more); });
  for (int i = 0; i < 20; ++i) {
    usleep(5'000);
    EXPECT_LE(server_->thread().Call([&] { return server_->thread().loop().buffers().used_bytes(); }),
              64u * 1024);
  }
  server_->thread().Call([&] { gate.Set(); });
  EXPECT_EQ(BodyOf(peer.Response()), "done");
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(BodyOf(peer.Response()), "hello\n");
  sender.join();
}

TEST_F(ServerTest, LargeBodiesBothWaysOfEveryFraming) {
  Begin();
  const std::string body = Pattern(10'000'000);
  for (const char* path : {"/echo", "/pieces"}) {
    for (bool chunked : {false, true}) {
      Peer peer = Connect();
      std::string request;
      if (chunked) {
        request = "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        size_t size = 1;
        for (size_t at = 0; at < body.size(); at += size) {
          size = std::min(body.size() - at, size * 3 % 100'003 + 1);
          char line[32];
          snprintf(line, sizeof line, "%zx\r\n", size);
          request += line + body.substr(at, size) + "\r\n";
        }
        request += "0\r\n\r\n";
      } else {
        request = Post(path, body);
      }
      request += Get("/hello");
      std::thread sender([&] { peer.Send(request); });
      const std::string head = peer.Until("\r\n\r\n");
      std::string got;
      if (head.find("chunked") == std::string::npos) {
        got = peer.Bytes(body.size());
      } else {
        got = Dechunk(peer.Until("\r\n0\r\n\r\n"));
      }
      EXPECT_TRUE(got == body) << path << chunked << " " << got.size();
      EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
      sender.join();
    }
  }
  EXPECT_EQ(server_->thread().Call([&] { return server_->thread().loop().buffers().used_bytes(); }), 0u);
}

TEST_F(ServerTest, SlowReaderStopsTheWriterAndMemoryStaysBounded) {
  Begin();
  std::atomic<size_t> written{0};
  const std::string piece = Pattern(100'000);
  constexpr size_t kPieces = 300;
  routes().Add("/stream", [&](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    for (size_t i = 0; i < kPieces; ++i) {
      auto writing = exchange.Write(piece);
      const absl::Status status = co_await writing;
      if (!status.ok()) co_return;
      written += piece.size();
    }
    auto finishing = exchange.Finish();
    (void)co_await finishing;
  });
  Peer peer = Connect(16 * 1024);
  peer.Send(Get("/stream"));
  EXPECT_NE(peer.Until("\r\n\r\n"), "");
  // The writer comes to rest long before the end.
  size_t last = 1;
  for (size_t now = written; now != last; now = written) {
    last = now;
    usleep(50'000);
  }
  EXPECT_LT(written, piece.size() * kPieces / 2);
  EXPECT_LE(server_->thread().Call([&] { return server_->thread().loop().buffers().used_bytes(); }),
            64u * 1024);
  std::string expected;
  for (size_t i = 0; i < kPieces; ++i) expected += piece;
  EXPECT_TRUE(Dechunk(peer.Until("\r\n0\r\n\r\n")) == expected);
}

TEST_F(ServerTest, StreamFraming) {
  Begin();
  routes().Add("/events", [](ServerExchange& exchange) -> async::Task<void> {
    const Header headers[] = {{"content-type", "text/event-stream"}, {"x-bad", "a\r\nb: c"}};
    exchange.StartStream(200, headers);
    auto first = exchange.Write("one");
    (void)co_await first;
    const std::string_view pieces[] = {"two", "", "three"};
    auto second = exchange.WriteV(pieces);
    (void)co_await second;
    auto nothing = exchange.Write("");
    (void)co_await nothing;
    auto last = exchange.Finish("end");
    (void)co_await last;
    EXPECT_EQ(exchange.body_bytes_sent(), 14u);
  });
  Peer peer = Connect();
  peer.Send(Get("/events"));
  const std::string head = peer.Until("\r\n\r\n");
  EXPECT_NE(head.find("content-type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(head.find("x-bad"), std::string::npos);
  EXPECT_EQ(peer.Until("\r\n0\r\n\r\n"), "3\r\none\r\n8\r\ntwothree\r\n3\r\nend\r\n0\r\n\r\n");
  // HTTP/1.0 knows no chunks.
  Peer old = Connect();
  old.Send("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = old.UntilClosed();
  EXPECT_EQ(all.find("chunked"), std::string::npos);
  EXPECT_NE(all.find("connection: close\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(all), "onetwothreeend");
}

TEST_F(ServerTest, StreamOfKnownLength) {
  Begin();
  routes().Add("/known", [](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {}, 6);
    auto first = exchange.Write("abc");
    (void)co_await first;
    auto last = exchange.Finish("def");
    (void)co_await last;
  });
  routes().Add("/short", [](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {}, 6);
    auto last = exchange.Finish("abc");
    const absl::Status status = co_await last;
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  });
  Peer peer = Connect();
  peer.Send(Get("/known"));
  EXPECT_EQ(BodyOf(peer.Response()), "abcdef");
  peer.Send(Get("/short"));
  EXPECT_EQ(peer.UntilClosed().find("abc"), std::string::npos);
}

TEST_F(ServerTest, TheHeadOfAStreamDoesNotWaitForItsFirstPiece) {
  Begin();
  async::Event gate;
  routes().Add("/slow", [&](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    co_await gate.Wait();
    auto last = exchange.Finish("late");
    (void)co_await last;
  });
  Peer peer = Connect();
  peer.Send(Get("/slow"));
  EXPECT_NE(peer.Until("\r\n\r\n").find("chunked"), std::string::npos);
  server_->thread().Call([&] { gate.Set(); });
  EXPECT_EQ(peer.Until("0\r\n\r\n"), "4\r\nlate\r\n0\r\n\r\n");
}

TEST_F(ServerTest, HeadAndFirstPieceLeaveInOneSegment) {
  Begin();
  routes().Add("/both", [](ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    auto first = exchange.Write("first");
    (void)co_await first;
    auto last = exchange.Finish();
    (void)co_await last;
  });
  Peer peer = Connect();
  peer.Send(Get("/both"));
  EXPECT_NE(peer.Some().find("first"), std::string::npos);
}

TEST_F(ServerTest, ContinueIsSentWhenTheBodyIsRead) {
  Begin();
  routes().Add("/ignore", Hello);
  {
    Peer peer = Connect();
    peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    EXPECT_EQ(peer.Until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.Send("body");
    EXPECT_EQ(BodyOf(peer.Response()), "body");
    peer.Send(Get("/hello"));
    EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
  }
  // Whoever is refused is not asked for the body, and the connection ends because it is not known what comes.
  Peer peer = Connect();
  peer.Send("POST /ignore HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  const std::string response = peer.Response();
  EXPECT_EQ(response.substr(0, 12), "HTTP/1.1 200");
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  // A body that came along needs no invitation.
  Peer eager = Connect();
  eager.Send(Post("/echo", "body", "Expect: 100-continue\r\n"));
  EXPECT_EQ(eager.Response().substr(0, 12), "HTTP/1.1 200");
}

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
    exchange.OnAbort([&] {
      hooked.Set("gone");
      gate.Set();
    });
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
  EXPECT_EQ(server_->thread().Call([&] { return server_->thread().loop().buffers().used_bytes(); }), 0u);
  server_->thread().Call([&] { gate.Set(); });
  EXPECT_NE(peer.Until("\r\n0\r\n\r\n"), "");
  peer.Send(Get("/hello"));
  EXPECT_EQ(BodyOf(peer.Response()), "hello\n");
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
