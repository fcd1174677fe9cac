#include "server_fixture.h"

namespace aisix::http {
namespace {

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
  EXPECT_EQ(server_->thread().HeldBuffers(), 0u);
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

}  // namespace
}  // namespace aisix::http
