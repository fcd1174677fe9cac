#include <zlib.h>

#include "client_fixture.h"

namespace aisix::http {
namespace {

TEST_F(ClientTest, PoolLimits) {
  ClientPoolOptions options;
  options.max_idle_per_host = 1;
  options.idle_timeout_ms = 30;
  Begin(options);
  Awaited<Outcome> first;
  Awaited<Outcome> second;
  Start(Call(), first);
  Peer a = Accept();
  Start(Call(), second);
  Peer b = Accept();
  a.Until("{}");
  b.Until("{}");
  a.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(first.Get().status.ok());
  b.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(second.Get().status.ok());
  EXPECT_EQ(b.UntilClosed(), "");  // one too many
  EXPECT_EQ(a.UntilClosed(), "");  // and this one after its time
  EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 0u);
}

TEST_F(ClientTest, LargeBodiesBothWays) {
  const std::string body(10'000'000, 'q');
  Call call;
  call.body = body;
  for (bool stream : {false, true}) {
    call.stream = stream;
    Awaited<Outcome> outcome;
    Start(call, outcome);
    Peer server = Accept();
    server.Until("\r\n\r\n");
    EXPECT_TRUE(server.Bytes(body.size()) == body);
    server.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const Outcome result = outcome.Get();
    EXPECT_TRUE(result.status.ok());
    EXPECT_TRUE(result.body == body);
    thread_.Call([&] { pool_->CloseIdle(); });
  }
  EXPECT_EQ(thread_.HeldBuffers(), 0u);
}

TEST_F(ClientTest, NobodyReadsSoTheServerIsStopped) {
  Awaited<bool> head_seen;
  async::Event gate;
  thread_.Call([&] {
    auto body = [](ClientTest* test, Awaited<bool>* seen, async::Event* gate) -> async::Task<void> {
      ClientExchange exchange(*test->pool_);
      ClientRequest request;
      request.target = "/";
      auto sending = exchange.Send(test->origin_, request, SendOptions());
      (void)co_await sending;
      auto receiving = exchange.ReceiveHead(0);
      (void)co_await receiving;
      seen->Set(true);
      co_await gate->Wait();
    };
    tasks_.push_back(body(this, &head_seen, &gate));
    tasks_.back().Start();
  });
  Peer server = Accept();
  server.Until("\r\n\r\n");
  server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(head_seen.Get());
  // The socket takes some megabytes; the client holds no more than a buffer.
  std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  size_t sent = 0;
  timeval limit{0, 200'000};
  setsockopt(server.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  while (sent < 100'000'000) {
    const ssize_t size = ::send(server.fd(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
    if (size < 0) break;
    sent += static_cast<size_t>(size);
  }
  EXPECT_LT(sent, 50'000'000u);
  EXPECT_LE(thread_.Call([&] { return thread_.loop().buffers().used_bytes(); }), 128u * 1024);
  thread_.Call([&] { gate.Set(); });
}

TEST_F(ClientTest, AnEarlyRefusalIsReadWhileTheRequestIsStillSent) {
  Call call;
  call.body = std::string(50'000'000, 'x');
  Awaited<Outcome> outcome;
  Start(call, outcome);
  Peer server = Accept();
  server.Until("\r\n\r\n");
  server.Send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig");
  const Outcome result = outcome.Get();
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.code, 413);
  EXPECT_EQ(result.body, "big");
  EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 0u);
}

TEST_F(ClientTest, LimitOfReadAll) {
  Call call;
  call.limit = 5;
  EXPECT_EQ(RunAgainst(call, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n01234").body, "01234");
  thread_.Call([&] { pool_->CloseIdle(); });
  for (const char* response : {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n012345",
                               "HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n012345"}) {
    const Outcome result = RunAgainst(call, response);
    EXPECT_EQ(result.kind, ErrorKind::kTooLarge) << response;
    EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
  }
}

TEST_F(ClientTest, ControlCharactersAreNotSent) {
  Call call;
  call.headers = {{"x-a", "v\r\nx-b: w"}};
  Awaited<Outcome> outcome;
  Start(call, outcome);
  EXPECT_EQ(outcome.Get().status.code(), absl::StatusCode::kInvalidArgument);
  call.headers.clear();
  for (const char* target : {"/a b", "/a\r\nX: y", ""}) {
    call.target = target;
    Start(call, outcome);
    EXPECT_EQ(outcome.Get().status.code(), absl::StatusCode::kInvalidArgument) << target;
  }
}

std::string Gzip(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(ClientTest, GzipIsUndoneWhenAsked) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  const std::string gzip = Gzip(text.substr(0, 100), 31) + Gzip(text.substr(100), 31);  // two members
  const auto response = [](const std::string& body, std::string_view encoding) {
    return "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(encoding) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  for (bool stream : {false, true}) {
    Call call;
    call.stream = stream;
    EXPECT_TRUE(RunAgainst(call, response(gzip, "gzip")).body == gzip);
    thread_.Call([&] { pool_->CloseIdle(); });
    call.options.decode_gzip = true;
    Outcome result = RunAgainst(call, response(gzip, "gzip"));
    EXPECT_TRUE(result.body == text) << result.status;
    thread_.Call([&] { pool_->CloseIdle(); });
    const std::string zlib = Gzip(text, 15);
    EXPECT_TRUE(RunAgainst(call, response(zlib, "deflate")).body == text);
    thread_.Call([&] { pool_->CloseIdle(); });
    EXPECT_EQ(RunAgainst(call, response(gzip.substr(0, gzip.size() - 9), "gzip")).kind, ErrorKind::kDecode);
    thread_.Call([&] { pool_->CloseIdle(); });
    EXPECT_EQ(RunAgainst(call, response("this is no gzip", "gzip")).kind, ErrorKind::kDecode);
    thread_.Call([&] { pool_->CloseIdle(); });
  }
  // A small body that unpacks to a large one is bounded.
  Call call;
  call.options.decode_gzip = true;
  call.limit = 100'000;
  EXPECT_EQ(RunAgainst(call, response(Gzip(std::string(50'000'000, 'a'), 31), "gzip")).kind,
            ErrorKind::kTooLarge);
}

TEST_F(ClientTest, AReadDeadlineLeavesTheExchangeUsable) {
  Awaited<std::string> story;
  thread_.Call([&] {
    auto body = [](ClientTest* test, Awaited<std::string>* story) -> async::Task<void> {
      std::string told;
      ClientExchange exchange(*test->pool_);
      ClientRequest request;
      request.target = "/";
      auto sending = exchange.Send(test->origin_, request, SendOptions());
      (void)co_await sending;
      auto receiving = exchange.ReceiveHead(0);
      (void)co_await receiving;
      exchange.ReleaseHead();
      while (true) {
        auto reading = exchange.Read(test->thread_.loop().NowMs() + 30);
        const auto piece = co_await reading;
        if (!piece.ok()) {
          story->Set("timeout");
          continue;
        }
        if (piece->empty()) break;
        told += *piece;
      }
      story->Set(told);
    };
    tasks_.push_back(body(this, &story));
    tasks_.back().Start();
  });
  Peer server = Accept();
  server.Until("\r\n\r\n");
  server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(story.Get(), "timeout");
  // An open stream that waits holds no buffer.
  EXPECT_EQ(thread_.HeldBuffers(), 0u);
  server.Send("5\r\nhello\r\n0\r\n\r\n");
  std::string last = story.Get();
  if (last == "timeout") last = story.Get();
  EXPECT_EQ(last, "hello");
}

}  // namespace
}  // namespace aisix::http
