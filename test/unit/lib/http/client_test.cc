#include "client_fixture.h"

namespace aisix::http {
namespace {

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

}  // namespace
}  // namespace aisix::http
