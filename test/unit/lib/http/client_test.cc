#include "lib/http/client.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <deque>
#include <string>
#include <vector>

#include "support.h"

namespace aisix::http {
namespace {

// What an exchange came to, as a value that may cross threads.
struct Outcome {
  absl::Status status;
  ErrorKind kind = ErrorKind::kNone;
  int code = 0;
  std::string header;  // x-test
  std::string body;
  bool reused = false;
};

struct Call {
  std::string method = "POST";
  std::string target = "/x";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body = "{}";
  SendOptions options;
  uint64_t head_ms = 0;
  uint64_t body_ms = 0;
  uint64_t limit = 0;
  bool stream = false;
};

// A client on a loop thread, and a server that is a listening socket whose other side the test plays.
class ClientTest : public testing::Test {
 public:
  ClientTest() { Begin(ClientPoolOptions()); }
  ~ClientTest() override {
    thread_.Call([&] {
      tasks_.clear();
      pool_.reset();
      dialer_.reset();
    });
  }

  void Begin(ClientPoolOptions options) {
    auto [fd, port] = ListenOnLoopback();
    listener_ = std::move(fd);
    thread_.Call([&] {
      pool_.reset();
      dialer_ = std::make_unique<net::DirectDialer>(thread_.loop());
      pool_ = std::make_unique<ClientPool>(thread_.loop(), *dialer_, options);
      origin_.host = "127.0.0.1";
      origin_.port = port;
      origin_.host_header = "test:1";
    });
  }

  Peer Accept() {
    pollfd entry{listener_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, 20'000), 1) << "nobody connected";
    return Peer(os::UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }

  async::Task<void> Run(Call call, Awaited<Outcome>* outcome) {
    Outcome result;
    {
      ClientExchange exchange(*pool_);
      current_ = &exchange;
      co_await Exchange(exchange, call, result);
      current_ = nullptr;
      result.kind = exchange.error_kind();
      result.reused = exchange.reused_connection();
    }
    outcome->Set(result);
  }

  async::Task<void> Exchange(ClientExchange& exchange, const Call& call, Outcome& result) {
    std::vector<Header> headers;
    for (const auto& [name, value] : call.headers) headers.push_back({name, value});
    const std::string_view pieces[] = {std::string_view(call.body).substr(0, call.body.size() / 2),
                                       std::string_view(call.body).substr(call.body.size() / 2)};
    ClientRequest request;
    request.method = call.method;
    request.target = call.target;
    request.headers = headers;
    request.header_lines = "x-line: 1\r\n";
    request.body = pieces;
    auto sending = exchange.Send(origin_, request, call.options);
    result.status = co_await sending;
    if (!result.status.ok()) co_return;
    async::Loop& loop = thread_.loop();
    auto receiving = exchange.ReceiveHead(call.head_ms > 0 ? loop.NowMs() + call.head_ms : 0);
    const absl::StatusOr<const ResponseHead*> head = co_await receiving;
    result.status = head.status();
    if (!head.ok()) co_return;
    result.code = (*head)->status;
    result.header = std::string((*head)->headers.Find("x-test").value_or(""));
    const uint64_t deadline = call.body_ms > 0 ? loop.NowMs() + call.body_ms : 0;
    if (!call.stream) {
      auto reading = exchange.ReadAll(call.limit, deadline);
      const absl::StatusOr<std::span<char>> body = co_await reading;
      result.status = body.status();
      if (body.ok()) {
        EXPECT_EQ(*(body->data() + body->size()), '\0');
        result.body = std::string(ViewOf(*body));
      }
      co_return;
    }
    while (true) {
      auto reading = exchange.Read(deadline);
      const absl::StatusOr<std::string_view> piece = co_await reading;
      result.status = piece.status();
      if (!piece.ok() || piece->empty()) co_return;
      result.body += *piece;
    }
  }

  // Starts it on the loop; the result is waited for with outcome.Get().
  void Start(Call call, Awaited<Outcome>& outcome) {
    thread_.Call([&] {
      tasks_.push_back(Run(std::move(call), &outcome));
      tasks_.back().Start();
    });
  }
  // With a server that reads one request and sends `response`; then closes if told to.
  Outcome RunAgainst(Call call, std::string_view response, bool close = false) {
    Awaited<Outcome> outcome;
    Start(std::move(call), outcome);
    Peer server = Accept();
    server.Until("\r\n\r\n");
    server.Send(response);
    if (close) server.Close();
    return outcome.Get();
  }

  LoopThread thread_;
  os::UniqueFd listener_;
  Origin origin_;
  std::unique_ptr<net::DirectDialer> dialer_;
  std::unique_ptr<ClientPool> pool_;
  std::deque<async::Task<void>> tasks_;
  ClientExchange* current_ = nullptr;
};

TEST_F(ClientTest, SendsARequestAndReadsAResponse) {
  Awaited<Outcome> outcome;
  Call call;
  call.headers = {{"authorization", "Bearer k"}};
  call.body = "hello world";
  Start(call, outcome);
  Peer server = Accept();
  EXPECT_EQ(server.Until("\r\n\r\n"),
            "POST /x HTTP/1.1\r\nhost: test:1\r\nauthorization: Bearer k\r\nx-line: 1\r\ncontent-length: "
            "11\r\n\r\n");
  EXPECT_EQ(server.Bytes(11), "hello world");
  server.Send("HTTP/1.1 200 OK\r\nX-Test: v\r\nContent-Length: 5\r\n\r\nthere");
  const Outcome result = outcome.Get();
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.code, 200);
  EXPECT_EQ(result.header, "v");
  EXPECT_EQ(result.body, "there");
  EXPECT_FALSE(result.reused);
}

TEST_F(ClientTest, ReusesConnectionsLastInFirstOut) {
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  Awaited<Outcome> first;
  Awaited<Outcome> second;
  Start(Call(), first);
  Peer a = Accept();
  Start(Call(), second);
  Peer b = Accept();
  a.Until("{}");
  b.Until("{}");
  a.Send(response);
  EXPECT_TRUE(first.Get().status.ok());
  b.Send(response);
  EXPECT_TRUE(second.Get().status.ok());
  EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 2u);
  Start(Call(), first);
  b.Until("{}");  // the one that became idle last
  b.Send(response);
  const Outcome result = first.Get();
  EXPECT_TRUE(result.status.ok());
  EXPECT_TRUE(result.reused);
  EXPECT_EQ(thread_.Call([&] { return pool_->connections_opened(); }), 2u);
}

TEST_F(ClientTest, EveryFramingWholeAndStreamedAndByteByByte) {
  const std::vector<std::string> responses = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n012\r\n7;x=y\r\n3456789\r\n0\r\nT: "
      "v\r\n\r\n",
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789",
      "HTTP/1.0 200 OK\r\n\r\n0123456789",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
      "OK\r\nContent-Length: "
      "10\r\n\r\n0123456789",
      "HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n0123456789",
      "HTTP/1.1 200\r\nContent-Length: 10\r\n\r\n0123456789",
  };
  for (const std::string& response : responses) {
    for (bool stream : {false, true}) {
      for (bool slowly : {false, true}) {
        Call call;
        call.stream = stream;
        Awaited<Outcome> outcome;
        Start(call, outcome);
        Peer server = Accept();
        server.Until("{}");
        if (slowly) {
          for (char c : response) server.Send({&c, 1});
        } else {
          server.Send(response);
        }
        server.Close();
        const Outcome result = outcome.Get();
        EXPECT_TRUE(result.status.ok()) << response << result.status;
        EXPECT_EQ(result.body, "0123456789") << response;
        thread_.Call([&] { pool_->CloseIdle(); });
      }
    }
  }
}

TEST_F(ClientTest, ResponsesWithoutABody) {
  Call head;
  head.method = "HEAD";
  head.body.clear();
  const Outcome result = RunAgainst(head, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  EXPECT_TRUE(result.status.ok());
  EXPECT_EQ(result.body, "");
  for (const char* line : {"204 No Content", "304 Not Modified"}) {
    const Outcome none =
        RunAgainst(Call(), "HTTP/1.1 " + std::string(line) + "\r\nContent-Length: 10\r\n\r\n");
    EXPECT_TRUE(none.status.ok()) << line << none.status;
  }
}

TEST_F(ClientTest, MalformedResponsesAreProtocolErrors) {
  for (const char* response :
       {"garbage\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\nX: a\n\n",
        "SSH-2.0-OpenSSH_9.2\r\n"}) {
    const Outcome result = RunAgainst(Call(), response);
    EXPECT_EQ(result.kind, ErrorKind::kProtocol) << response << " " << result.status;
  }
  const Outcome large = RunAgainst(Call(), "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(large.kind, ErrorKind::kProtocol);
}

TEST_F(ClientTest, TruncationAndResetAreTold) {
  Call call;
  Outcome result = RunAgainst(call, "", true);
  EXPECT_EQ(result.kind, ErrorKind::kReset) << result.status;
  result = RunAgainst(call, "HTTP/1.1 200 O", true);
  EXPECT_EQ(result.kind, ErrorKind::kReset);
  EXPECT_EQ(result.status.message(), "connection closed before the response");
  result = RunAgainst(call, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", true);
  EXPECT_EQ(result.kind, ErrorKind::kTruncated);
  call.stream = true;
  result = RunAgainst(call, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n", true);
  EXPECT_EQ(result.kind, ErrorKind::kTruncated);
  EXPECT_EQ(result.body, "01234");  // what came is delivered
  Awaited<Outcome> outcome;
  Start(call, outcome);
  Peer server = Accept();
  server.Until("{}");
  server.Reset();
  result = outcome.Get();
  EXPECT_EQ(result.kind, ErrorKind::kReset);
  EXPECT_EQ(result.status.message(), "connection reset by peer");
}

TEST_F(ClientTest, RefusedConnectionsAndUnknownNames) {
  listener_.reset();
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Outcome result = outcome.Get();
  EXPECT_EQ(result.kind, ErrorKind::kConnect);
  EXPECT_EQ(result.status.message(), "connection refused");
  thread_.Call([&] { origin_.host = "no.such.name"; });
  Start(Call(), outcome);
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kResolve);
}

TEST_F(ClientTest, DeadlinesOfEveryPhase) {
  Call call;
  call.head_ms = 30;
  Outcome result = RunAgainst(call, "");
  EXPECT_EQ(result.kind, ErrorKind::kDeadline);
  EXPECT_EQ(result.status.code(), absl::StatusCode::kDeadlineExceeded);
  call.head_ms = 0;
  call.body_ms = 30;
  for (bool stream : {false, true}) {
    call.stream = stream;
    EXPECT_EQ(RunAgainst(call, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0").kind, ErrorKind::kDeadline);
  }
  // A request that the server does not take.
  Call large;
  large.body = std::string(30'000'000, 'x');
  large.options.deadline_ms = thread_.Call([&] { return thread_.loop().NowMs(); }) + 200;
  Awaited<Outcome> outcome;
  Start(large, outcome);
  Peer server = Accept();
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kDeadline);
}

// Never answers.
class SilentDialer : public net::Dialer {
 public:
  explicit SilentDialer(async::Loop& loop) : loop_(loop) {}
  async::Task<absl::StatusOr<os::UniqueFd>> Dial(std::string, uint16_t, uint64_t) override {
    co_await async::Sleep(loop_, 1'000'000);
    co_return absl::InternalError("never");
  }

 private:
  async::Loop& loop_;
};

TEST_F(ClientTest, ConnectTimeoutAndCancelWhileDialling) {
  SilentDialer silent(thread_.loop());
  thread_.Call([&] { pool_ = std::make_unique<ClientPool>(thread_.loop(), silent, ClientPoolOptions()); });
  Call call;
  call.options.connect_timeout_ms = 20;
  Awaited<Outcome> outcome;
  Start(call, outcome);
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kConnectTimeout);
  call.options.connect_timeout_ms = 0;
  call.options.deadline_ms = thread_.Call([&] { return thread_.loop().NowMs(); }) + 20;
  Start(call, outcome);
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kDeadline);
  call.options.deadline_ms = 0;
  Start(call, outcome);
  thread_.Call([&] { current_->Cancel(); });
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kCancelled);
  thread_.Call([&] { pool_.reset(); });
}

TEST_F(ClientTest, CancelClosesTheConnectionAtOnce) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012";
  for (const std::string& sent : {std::string(), head}) {
    Call call;
    call.stream = true;
    Awaited<Outcome> outcome;
    Start(call, outcome);
    Peer server = Accept();
    server.Until("{}");
    server.Send(sent);
    usleep(1000);  // either order is right
    thread_.Call([&] { current_->Cancel(); });
    const Outcome result = outcome.Get();
    EXPECT_EQ(result.kind, ErrorKind::kCancelled);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(server.UntilClosed(), "");
    EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 0u);
  }
}

TEST_F(ClientTest, AStaleConnectionIsReplacedOnce) {
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Peer old = Accept();
  old.Until("{}");
  old.Send(response);
  EXPECT_TRUE(outcome.Get().status.ok());
  // The server closes only when the second request is there already: the client cannot have known.
  Call call;
  call.body = std::string(100'000, 'b');
  Start(call, outcome);
  old.Until("\r\n\r\n");
  old.Close();
  Peer fresh = Accept();
  EXPECT_NE(fresh.Until("\r\n\r\n").find("content-length: 100000\r\n"), std::string::npos);
  EXPECT_EQ(fresh.Bytes(100'000), call.body);
  fresh.Send(response);
  Outcome result = outcome.Get();
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.body, "ok");
  // But not twice, and not when part of a response came.
  Start(call, outcome);
  fresh.Until("\r\n\r\n");
  fresh.Bytes(100'000);
  fresh.Close();
  Peer third = Accept();
  third.Until("\r\n\r\n");
  third.Close();
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kReset);
}

TEST_F(ClientTest, NoSecondRequestOnceAByteOfAResponseCame) {
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Peer server = Accept();
  server.Until("{}");
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(outcome.Get().status.ok());
  Start(Call(), outcome);
  server.Until("{}");
  server.Send("H");
  server.Close();
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kReset);
  EXPECT_EQ(thread_.Call([&] { return pool_->connections_opened(); }), 1u);
}

TEST_F(ClientTest, IdleConnectionsThatTheServerClosesOrTalksOnAreDropped) {
  for (bool talks : {false, true}) {
    Awaited<Outcome> outcome;
    Start(Call(), outcome);
    Peer server = Accept();
    server.Until("{}");
    server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_TRUE(outcome.Get().status.ok());
    EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 1u);
    if (talks) {
      server.Send("HTTP/1.1 408 Request Timeout\r\n\r\n");
    } else {
      server.ShutdownWrite();
    }
    EXPECT_EQ(server.UntilClosed(), "");
    EXPECT_EQ(thread_.Call([&] { return pool_->idle_connections(); }), 0u);
  }
}

TEST_F(ClientTest, ConnectionsThatMustNotBeReused) {
  for (const char* response : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                               "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA"}) {
    Awaited<Outcome> outcome;
    Start(Call(), outcome);
    Peer server = Accept();
    server.Until("{}");
    server.Send(response);
    EXPECT_EQ(outcome.Get().body, "ok") << response;
    EXPECT_EQ(server.UntilClosed(), "") << response;
  }
}

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
  EXPECT_EQ(thread_.Call([&] { return thread_.loop().buffers().used_bytes(); }), 0u);
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
  EXPECT_EQ(thread_.Call([&] { return thread_.loop().buffers().used_bytes(); }), 0u);
  server.Send("5\r\nhello\r\n0\r\n\r\n");
  std::string last = story.Get();
  if (last == "timeout") last = story.Get();
  EXPECT_EQ(last, "hello");
}

}  // namespace
}  // namespace aisix::http
