// Requests through an HTTP proxy that the test plays.
#include <gmock/gmock.h>

#include "client_fixture.h"
#include "lib/tls/context.h"
#include "test/unit/lib/tls/test_certificates.h"

namespace aisix::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProxyTest : public ClientTest {
 protected:
  ProxyTest() {
    proxy_.host = "127.0.0.1";
    proxy_.port = origin_.port;  // the listener of the fixture
    proxy_.authorization = "Basic dTpw";
    Use("origin.test", 8080, "origin.test:8080");
  }
  void Use(std::string host, uint16_t port, std::string host_header) {
    thread_.Call([&] {
      origin_ = {std::move(host), port, std::move(host_header), nullptr,
                 std::make_shared<const HttpProxy>(proxy_)};
    });
  }
  // Behind the proxy: a server that proves to be `name`; the client expects "localhost".
  void UseSecured(const std::string& name = "localhost") {
    const tls::TestIdentity authority = tls::MakeIdentity("authority", "", nullptr);
    const tls::TestIdentity identity = tls::MakeIdentity(name, "DNS:" + name, &authority);
    tls::ServerOptions server;
    server.certificate_chain = identity.certificate_pem;
    server.private_key = identity.key_pem;
    auto server_security = tls::MakeServerSecurity(server);
    ASSERT_TRUE(server_security.ok());
    server_ = std::make_unique<TestServer>(ServerOptions(), *server_security);
    server_->routes().Add("/echo", Echo);
    tls::ClientOptions client;
    client.roots = *tls::ParseRoots({authority.certificate_pem});
    auto client_security = tls::MakeClientSecurity(client);
    ASSERT_TRUE(client_security.ok());
    Use("localhost", 443, "localhost");
    thread_.Call([&] { origin_.security = *client_security; });
  }
  static Call EchoCall() {
    Call call;
    call.target = "/echo";
    call.body = "through the tunnel";
    return call;
  }
  // What goes into one socket comes out of the other, until both are closed.
  static void Relay(int a, int b) {
    pollfd ends[] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
      if (::poll(ends, 2, 20'000) <= 0) return;
      for (int i = 0; i < 2; ++i) {
        if (ends[i].revents == 0) continue;
        char buffer[65536];
        const ssize_t size = ::recv(ends[i].fd, buffer, sizeof buffer, 0);
        const int other = i == 0 ? b : a;
        if (size <= 0) {
          ::shutdown(other, SHUT_WR);
          ends[i].fd = -1;
        } else {
          EXPECT_EQ(::send(other, buffer, static_cast<size_t>(size), MSG_NOSIGNAL), size);
        }
      }
    }
  }
  // The tunnel is refused or broken with `answer`; what the exchange says.
  Outcome Answered(std::string_view answer, bool close = false) {
    Awaited<Outcome> outcome;
    Start(EchoCall(), outcome);
    Peer proxy = Accept();
    proxy.Until("\r\n\r\n");
    proxy.Send(answer);
    if (close) proxy.Close();
    return outcome.Get();
  }
  size_t Idle() {
    return thread_.Call([&] { return pool_->idle_connections(); });
  }

  HttpProxy proxy_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(ProxyTest, APlainRequestNamesItsOrigin) {
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Peer proxy = Accept();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(proxy.Until("\r\n\r\n"),
              "POST http://origin.test:8080/x HTTP/1.1\r\nhost: origin.test:8080\r\n"
              "proxy-authorization: Basic dTpw\r\nx-line: 1\r\ncontent-length: 2\r\n\r\n");
    EXPECT_EQ(proxy.Bytes(2), "{}");
    proxy.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const Outcome result = outcome.Get();
    EXPECT_EQ(result.body, "ok") << result.status;
    EXPECT_EQ(result.reused, i == 1);
    if (i == 0) Start(Call(), outcome);
  }
}

TEST_F(ProxyTest, WithoutCredentialsNoneAreSent) {
  proxy_.authorization.clear();
  Use("origin.test", 80, "origin.test");
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Peer proxy = Accept();
  EXPECT_THAT(proxy.Until("\r\n\r\n"), Not(HasSubstr("proxy-authorization")));
  proxy.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(outcome.Get().code, 200);
}

TEST_F(ProxyTest, TheProxysOwnRefusalIsNotTheOriginsAnswer) {
  const Outcome result = RunAgainst(Call(),
                                    "HTTP/1.1 407 Proxy Authentication Required\r\n"
                                    "Content-Length: 2\r\n\r\nno");
  EXPECT_EQ(result.kind, ErrorKind::kProxy);
  EXPECT_EQ(result.status.message(), "HTTP proxy: 407: it does not accept the credentials");
  EXPECT_EQ(Idle(), 0u);
}

TEST_F(ProxyTest, ATunnelLeadsToASecuredOriginAndIsKept) {
  UseSecured();
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  Peer proxy = Accept();
  EXPECT_EQ(
      proxy.Until("\r\n\r\n"),
      "CONNECT localhost:443 HTTP/1.1\r\nhost: localhost:443\r\nproxy-authorization: Basic dTpw\r\n\r\n");
  Peer server = Peer::Connect(server_->port());
  proxy.Send("HTTP/1.1 200 Connection established\r\nx-proxy: 1\r\n\r\n");
  std::thread relay([&] { Relay(proxy.fd(), server.fd()); });
  const Outcome first = outcome.Get();
  EXPECT_EQ(first.body, "through the tunnel") << first.status;
  EXPECT_EQ(Idle(), 1u);
  Start(EchoCall(), outcome);
  const Outcome second = outcome.Get();
  EXPECT_EQ(second.body, "through the tunnel") << second.status;
  EXPECT_TRUE(second.reused);
  thread_.Call([&] { pool_->CloseIdle(); });
  relay.join();
}

TEST_F(ProxyTest, AnAnswerMayComeByteByByteAndBehindInterimOnes) {
  UseSecured();
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  Peer proxy = Accept();
  proxy.Until("\r\n\r\n");
  Peer server = Peer::Connect(server_->port());
  for (const char c :
       std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.0 200 OK\r\n\r\n")) {
    proxy.Send({&c, 1});
  }
  std::thread relay([&] { Relay(proxy.fd(), server.fd()); });
  const Outcome result = outcome.Get();
  EXPECT_EQ(result.body, "through the tunnel") << result.status;
  thread_.Call([&] { pool_->CloseIdle(); });
  relay.join();
}

TEST_F(ProxyTest, AnIpv6OriginHasBrackets) {
  UseSecured();
  thread_.Call([&] {
    origin_.host = "2001:db8::1";
    origin_.port = 8443;
  });
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  Peer proxy = Accept();
  EXPECT_THAT(proxy.Until("\r\n\r\n"),
              HasSubstr("CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nhost: [2001:db8::1]:8443\r\n"));
  proxy.Send("HTTP/1.1 403 Forbidden\r\n\r\n");
  EXPECT_EQ(outcome.Get().status.message(), "HTTP proxy: it answered CONNECT with 403 Forbidden");
}

TEST_F(ProxyTest, WhatAProxyMayDoWrong) {
  UseSecured();
  struct Case {
    std::string answer;
    bool close;
    std::string message;
  };
  const Case cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", false,
       "407: it does not accept the credentials"},
      {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!", false,
       "it answered CONNECT with 502 Bad Gateway"},
      {"HTTP/1.1 503\r\n\r\n", false, "it answered CONNECT with 503 Service Unavailable"},
      {"HTTP/1.1 302 Found\r\nLocation: http://x\r\n\r\n", false, "it answered CONNECT with 302 Found"},
      {"SSH-2.0-OpenSSH_9.2\r\n", false, "its answer to CONNECT is not HTTP"},
      {"HTTP/1.1 200 OK\r\nx: " + std::string(20'000, 'a') + "\r\n\r\n", false,
       "its answer to CONNECT is too large"},
      {"HTTP/1.1 200 OK\r\n\r\nsurprise", false, "bytes came before the tunnel was used"},
      {"", true, "it closed the connection"},
      {"HTTP/1.1 200", true, "it closed the connection"},
  };
  for (const Case& c : cases) {
    const Outcome result = Answered(c.answer, c.close);
    EXPECT_EQ(result.kind, ErrorKind::kProxy) << c.answer;
    EXPECT_EQ(result.status.message(), "HTTP proxy: " + c.message) << c.answer;
  }
  EXPECT_EQ(Idle(), 0u);
}

TEST_F(ProxyTest, ASilentProxyTakesTheConnectTimeout) {
  UseSecured();
  Awaited<Outcome> outcome;
  Call call = EchoCall();
  call.options.connect_timeout_ms = 30;
  Start(call, outcome);
  Peer proxy = Accept();
  const Outcome result = outcome.Get();
  EXPECT_EQ(result.kind, ErrorKind::kConnectTimeout);
  EXPECT_EQ(result.status.message(), "connect through the HTTP proxy timed out");
  proxy.UntilClosed();
}

TEST_F(ProxyTest, CancelledInTheTunnel) {
  UseSecured();
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  Peer proxy = Accept();
  proxy.Until("\r\n\r\n");
  thread_.Call([&] { current_->Cancel(); });
  EXPECT_EQ(outcome.Get().kind, ErrorKind::kCancelled);
  EXPECT_EQ(proxy.UntilClosed(), "");
}

TEST_F(ProxyTest, AProxyThatIsNotThere) {
  UseSecured();
  listener_.reset();
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  const Outcome result = outcome.Get();
  EXPECT_EQ(result.kind, ErrorKind::kConnect);
  EXPECT_EQ(result.status.message(), "HTTP proxy: connection refused");
}

TEST_F(ProxyTest, ABadCertificateBehindTheTunnelIsTheOriginsFault) {
  UseSecured("other.test");
  Awaited<Outcome> outcome;
  Start(EchoCall(), outcome);
  Peer proxy = Accept();
  proxy.Until("\r\n\r\n");
  Peer server = Peer::Connect(server_->port());
  proxy.Send("HTTP/1.1 200 OK\r\n\r\n");
  std::thread relay([&] { Relay(proxy.fd(), server.fd()); });
  const Outcome result = outcome.Get();
  EXPECT_EQ(result.kind, ErrorKind::kTls);
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("not valid for localhost"));
  EXPECT_THAT(std::string(result.status.message()), Not(HasSubstr("proxy")));
  relay.join();
}

// Connections of one origin with and without a proxy are not mixed.
TEST_F(ProxyTest, AnotherProxyMeansOtherConnections) {
  Awaited<Outcome> outcome;
  Start(Call(), outcome);
  Peer first = Accept();
  first.Until("{}");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(outcome.Get().status.ok());
  Use("origin.test", 8080, "origin.test:8080");
  Start(Call(), outcome);
  Peer second = Accept();
  second.Until("{}");
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(outcome.Get().reused);
}

}  // namespace
}  // namespace aisix::http
