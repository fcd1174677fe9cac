// A server and a client of lib/http, each on its own loop, with TLS between them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <string>

#include "lib/http/client.h"
#include "lib/tls/context.h"
#include "test/unit/lib/http/support.h"
#include "test_certificates.h"

namespace aisix::tls {
namespace {

using http::Awaited;
using http::ErrorKind;

struct Outcome {
  absl::Status status;
  ErrorKind kind = ErrorKind::kNone;
  std::string body;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest()
      : authority_(MakeIdentity("test authority", "", nullptr)),
        server_identity_(MakeIdentity("server", "DNS:localhost,IP:127.0.0.1", &authority_)) {}
  ~TlsTest() override {
    client_.Call([&] {
      task_.Reset();
      pool_.reset();
    });
  }

  void Serve(const TestIdentity& identity) {
    ServerOptions options;
    options.certificate_chain = identity.certificate_pem;
    options.private_key = identity.key_pem;
    auto security = MakeServerSecurity(options);
    ASSERT_TRUE(security.ok()) << security.status();
    server_.emplace(http::ServerOptions(), *security);
    server_->routes().Add("/hello", http::Hello);
    server_->routes().Add("/echo", http::Echo);
    server_->routes().Add("/pieces", http::EchoPieces);
  }

  std::shared_ptr<const net::ClientSecurity> Trusting(const TestIdentity& authority, bool verify = true) {
    ClientOptions options;
    auto roots = ParseRoots({authority.certificate_pem});
    EXPECT_TRUE(roots.ok());
    options.roots = *roots;
    options.verify = verify;
    auto security = MakeClientSecurity(options);
    EXPECT_TRUE(security.ok());
    return *security;
  }

  Outcome Request(const http::Origin& origin, std::string path, std::string body,
                  uint64_t timeout_ms = 10'000) {
    Awaited<Outcome> outcome;
    client_.Call([&] {
      if (!pool_)
        pool_ = std::make_unique<http::ClientPool>(client_.loop(), dialer_, http::ClientPoolOptions());
      task_ = Run(&origin, std::move(path), std::move(body), timeout_ms, &outcome);
      task_.Start();
    });
    return outcome.Get();
  }

  async::Task<void> Run(const http::Origin* origin, std::string path, std::string body, uint64_t timeout_ms,
                        Awaited<Outcome>* outcome) {
    Outcome result;
    http::ClientExchange exchange(*pool_);
    http::ClientRequest request;
    request.target = path;
    const std::string_view piece = body;
    request.body = {&piece, 1};
    http::SendOptions options;
    options.connect_timeout_ms = timeout_ms;
    auto sending = exchange.Send(*origin, request, options);
    result.status = co_await sending;
    if (result.status.ok()) {
      auto receiving = exchange.ReceiveHead(0);
      const auto head = co_await receiving;
      result.status = head.status();
      if (head.ok()) {
        auto reading = exchange.ReadAll(0, 0);
        const auto all = co_await reading;
        result.status = all.status();
        if (all.ok()) result.body = std::string(http::ViewOf(*all));
      }
    }
    result.kind = exchange.error_kind();
    outcome->Set(result);
  }

  http::Origin OriginOf(std::string host, std::shared_ptr<const net::ClientSecurity> security) {
    http::Origin origin;
    origin.host = std::move(host);
    origin.port = server_->port();
    origin.host_header = origin.host;
    origin.security = std::move(security);
    return origin;
  }
  void CloseIdle() {
    client_.Call([&] { pool_->CloseIdle(); });
  }

  const TestIdentity authority_;
  const TestIdentity server_identity_;
  std::optional<http::TestServer> server_;
  http::LoopThread client_;
  net::DirectDialer dialer_{client_.loop()};
  std::unique_ptr<http::ClientPool> pool_;
  async::Task<void> task_;
};

// A blocking TLS peer of plain BoringSSL.
class RawTls {
 public:
  RawTls(uint16_t port, int min_version, int max_version, const std::string& protocols,
         SSL_SESSION* session = nullptr)
      : RawTls(http::Peer::Connect(port), min_version, max_version, protocols, session) {}
  RawTls(http::Peer peer, int min_version, int max_version, const std::string& protocols,
         SSL_SESSION* session = nullptr)
      : peer_(std::move(peer)), context_(SSL_CTX_new(TLS_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), min_version);
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* made) {
      static_cast<RawTls*>(SSL_get_ex_data(ssl, 0))->session_.reset(made);
      return 1;
    });
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_ex_data(ssl_.get(), 0, this);
    SSL_set_fd(ssl_.get(), peer_.fd());
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const uint8_t*>(protocols.data()), protocols.size());
    if (session) SSL_set_session(ssl_.get(), session);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  std::string protocol() {
    const uint8_t* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &data, &size);
    return std::string(reinterpret_cast<const char*>(data), size);
  }
  bool resumed() { return SSL_session_reused(ssl_.get()) == 1; }
  std::string version() { return SSL_get_version(ssl_.get()); }
  SSL_SESSION* session() { return session_.get(); }
  std::string Exchange(std::string_view request) {
    SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size()));
    char buffer[4096];
    const int size = SSL_read(ssl_.get(), buffer, sizeof buffer);
    return std::string(buffer, size > 0 ? static_cast<size_t>(size) : 0);
  }
  // Whether a session comes although nothing was asked.
  bool SessionComes() {
    fcntl(peer_.fd(), F_SETFL, O_NONBLOCK);
    pollfd wait{peer_.fd(), POLLIN, 0};
    char byte;
    while (!session_) {
      if (poll(&wait, 1, 5'000) != 1) return false;
      if (SSL_read(ssl_.get(), &byte, 1) > 0 || SSL_get_error(ssl_.get(), -1) != SSL_ERROR_WANT_READ) break;
    }
    return session_ != nullptr;
  }
  // Reads until the end; whether it was announced.
  bool EndsProperly() {
    char buffer[4096];
    int size;
    while ((size = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0) {
    }
    return SSL_get_error(ssl_.get(), size) == SSL_ERROR_ZERO_RETURN;
  }

 private:
  http::Peer peer_;
  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL_SESSION> session_;
  bssl::UniquePtr<SSL> ssl_;
  bool connected_ = false;
};

constexpr char kHello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(TlsTest, NamesAndAddressesAreVerified) {
  Serve(server_identity_);
  const auto security = Trusting(authority_);
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const http::Origin origin = OriginOf(host, security);
    const Outcome outcome = Request(origin, "/echo", "hello");
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.body, "hello");
  }
}

TEST_F(TlsTest, LargeBodiesBothWays) {
  Serve(server_identity_);
  const http::Origin origin = OriginOf("localhost", Trusting(authority_));
  std::string body(10'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + (i * 7 + i / 253) % 26);
  for (const char* path : {"/echo", "/pieces"}) {
    const Outcome outcome = Request(origin, path, body);
    EXPECT_TRUE(outcome.status.ok()) << path << outcome.status;
    EXPECT_TRUE(outcome.body == body) << path;
  }
  const auto used = [](http::LoopThread& thread) {
    return thread.Call([&] { return thread.loop().buffers().used_bytes(); });
  };
  client_.Call([&] { task_.Reset(); });
  EXPECT_EQ(used(client_), 0u);
  EXPECT_EQ(used(server_->thread()), 0u);
}

TEST_F(TlsTest, AnotherNameIsRefused) {
  const TestIdentity other = MakeIdentity("other", "DNS:other.example", &authority_);
  Serve(other);
  Outcome outcome = Request(OriginOf("localhost", Trusting(authority_)), "/hello", "");
  EXPECT_EQ(outcome.kind, ErrorKind::kTls);
  EXPECT_EQ(outcome.status.message(),
            "TLS: certificate verify failed: certificate is not valid for localhost");
  outcome = Request(OriginOf("127.0.0.1", Trusting(authority_)), "/hello", "");
  EXPECT_EQ(outcome.status.message(),
            "TLS: certificate verify failed: certificate is not valid for 127.0.0.1");
}

TEST_F(TlsTest, AnUnknownAuthorityAnExpiredCertificateAndNoVerification) {
  Serve(server_identity_);
  const TestIdentity stranger = MakeIdentity("stranger", "", nullptr);
  Outcome outcome = Request(OriginOf("localhost", Trusting(stranger)), "/hello", "");
  EXPECT_EQ(outcome.kind, ErrorKind::kTls);
  EXPECT_EQ(outcome.status.message(),
            "TLS: certificate verify failed: unable to get local issuer certificate");
  outcome = Request(OriginOf("localhost", Trusting(stranger, false)), "/hello", "");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  const TestIdentity old = MakeIdentity("old", "DNS:localhost", &authority_, -7200, -3600);
  CloseIdle();
  server_.reset();
  Serve(old);
  outcome = Request(OriginOf("localhost", Trusting(authority_)), "/hello", "");
  EXPECT_EQ(outcome.status.message(), "TLS: certificate verify failed: certificate has expired");
}

TEST_F(TlsTest, NoRootsMeansNobodyIsTrusted) {
  Serve(server_identity_);
  auto security = MakeClientSecurity(ClientOptions());
  ASSERT_TRUE(security.ok());
  EXPECT_EQ(Request(OriginOf("localhost", *security), "/hello", "").kind, ErrorKind::kTls);
}

TEST_F(TlsTest, APlainServerIsNotMistaken) {
  server_.emplace();
  const Outcome outcome = Request(OriginOf("localhost", Trusting(authority_)), "/hello", "");
  EXPECT_EQ(outcome.kind, ErrorKind::kTls);
  EXPECT_EQ(outcome.status.message().substr(0, 5), "TLS: ");
}

TEST_F(TlsTest, AServerThatDoesNotShakeHandsTimesOut) {
  Serve(server_identity_);
  auto [listener, port] = http::ListenOnLoopback();
  http::Origin origin = OriginOf("localhost", Trusting(authority_));
  origin.port = port;
  EXPECT_EQ(Request(origin, "/hello", "", 30).kind, ErrorKind::kConnectTimeout);
}

TEST_F(TlsTest, ACallerThatDoesNotShakeHandsIsDropped) {
  ServerOptions options;
  options.certificate_chain = server_identity_.certificate_pem;
  options.private_key = server_identity_.key_pem;
  options.handshake_timeout_ms = 30;
  auto security = MakeServerSecurity(options);
  ASSERT_TRUE(security.ok());
  server_.emplace(http::ServerOptions(), *security);
  http::Peer peer = http::Peer::Connect(server_->port());
  EXPECT_EQ(peer.UntilClosed(), "");
  http::Peer plain = http::Peer::Connect(server_->port());
  plain.Send(kHello);
  EXPECT_EQ(plain.UntilClosed().find("HTTP/1.1"), std::string::npos);
  server_->AwaitConnections(0);
}

TEST_F(TlsTest, VersionsAndProtocols) {
  Serve(server_identity_);
  const std::string http11 = "\x08http/1.1";
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    RawTls peer(server_->port(), version, version, "\x02h2" + http11);
    ASSERT_TRUE(peer.connected());
    EXPECT_EQ(peer.protocol(), "http/1.1");
    EXPECT_NE(peer.Exchange(kHello).find("hello"), std::string::npos);
  }
  RawTls old(server_->port(), TLS1_VERSION, TLS1_1_VERSION, http11);
  EXPECT_FALSE(old.connected());
  RawTls other(server_->port(), TLS1_2_VERSION, TLS1_3_VERSION, "\x02h2");
  EXPECT_TRUE(other.connected());
  EXPECT_EQ(other.protocol(), "");
}

TEST_F(TlsTest, SessionsAreResumed) {
  Serve(server_identity_);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    RawTls first(server_->port(), version, version, "\x08http/1.1");
    ASSERT_TRUE(first.connected());
    EXPECT_NE(first.Exchange(kHello), "");
    EXPECT_FALSE(first.resumed());
    ASSERT_NE(first.session(), nullptr);
    RawTls second(server_->port(), version, version, "\x08http/1.1", first.session());
    ASSERT_TRUE(second.connected());
    EXPECT_TRUE(second.resumed());
    EXPECT_NE(second.Exchange(kHello), "");
  }
}

// Not only with the first response: the end of the handshake is acknowledged by it.
TEST_F(TlsTest, SessionTicketsComeWithTheHandshake) {
  Serve(server_identity_);
  RawTls peer(server_->port(), TLS1_3_VERSION, TLS1_3_VERSION, "\x08http/1.1");
  ASSERT_TRUE(peer.connected());
  EXPECT_TRUE(peer.SessionComes());
}

TEST_F(TlsTest, AnEndIsAnnounced) {
  Serve(server_identity_);
  RawTls peer(server_->port(), TLS1_2_VERSION, TLS1_3_VERSION, "\x08http/1.1");
  ASSERT_TRUE(peer.connected());
  EXPECT_NE(peer.Exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "");
  EXPECT_TRUE(peer.EndsProperly());
}

// The client's own sessions: seen from a server that counts.
TEST_F(TlsTest, TheClientResumesToo) {
  auto [listener, port] = http::ListenOnLoopback();
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  SSL_CTX_use_certificate(context.get(), server_identity_.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), server_identity_.key.get());
  bool resumed[2] = {};
  std::string name;
  std::thread server([&, socket = listener.get()] {
    for (bool& one : resumed) {
      os::UniqueFd fd(accept(socket, nullptr, nullptr));
      bssl::UniquePtr<SSL> ssl(SSL_new(context.get()));
      SSL_set_fd(ssl.get(), fd.get());
      if (SSL_accept(ssl.get()) != 1) return;
      one = SSL_session_reused(ssl.get()) == 1;
      name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
      char buffer[4096];
      SSL_read(ssl.get(), buffer, sizeof buffer);
      const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      SSL_write(ssl.get(), response.data(), static_cast<int>(response.size()));
      SSL_shutdown(ssl.get());
      shutdown(fd.get(), SHUT_WR);
      while (recv(fd.get(), buffer, sizeof buffer, 0) > 0) {
      }
    }
  });
  http::Origin origin;
  origin.host = "localhost";
  origin.port = port;
  origin.host_header = "localhost";
  origin.security = Trusting(authority_);
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = Request(origin, "/", "");
    EXPECT_EQ(outcome.body, "ok") << outcome.status;
    client_.Call([&] { task_.Reset(); });
  }
  server.join();
  EXPECT_FALSE(resumed[0]);
  EXPECT_TRUE(resumed[1]);
  EXPECT_EQ(name, "localhost");
}

TEST_F(TlsTest, NewCertificatesServeNewConnections) {
  Serve(server_identity_);
  const TestIdentity other_authority = MakeIdentity("another authority", "", nullptr);
  const TestIdentity renewed = MakeIdentity("renewed", "DNS:localhost", &other_authority);
  const http::Origin before = OriginOf("localhost", Trusting(authority_));
  const http::Origin after = OriginOf("localhost", Trusting(other_authority));
  EXPECT_TRUE(Request(before, "/hello", "").status.ok());
  EXPECT_FALSE(Request(after, "/hello", "").status.ok());
  ServerOptions options;
  options.certificate_chain = renewed.certificate_pem;
  options.private_key = renewed.key_pem;
  auto security = MakeServerSecurity(options);
  ASSERT_TRUE(security.ok());
  server_->thread().Call([&] { server_->server().SetSecurity(*security); });
  EXPECT_TRUE(Request(after, "/hello", "").status.ok());
  EXPECT_TRUE(Request(before, "/hello", "").status.ok());  // its connection is still there
  CloseIdle();
  EXPECT_FALSE(Request(before, "/hello", "").status.ok());
}

TEST_F(TlsTest, AHandshakeMayOutliveTheCertificateItBeganWith) {
  Serve(server_identity_);
  http::Peer peer = http::Peer::Connect(server_->port());
  server_->AwaitConnections(1);
  server_->thread().Call([&] { server_->server().SetSecurity(nullptr); });
  RawTls late(std::move(peer), TLS1_2_VERSION, TLS1_3_VERSION, "\x08http/1.1");
  ASSERT_TRUE(late.connected());
  EXPECT_EQ(late.protocol(), "http/1.1");
  EXPECT_NE(late.Exchange(kHello).find("hello"), std::string::npos);
}

TEST_F(TlsTest, SlowReaderStopsTheWriter) {
  Serve(server_identity_);
  std::atomic<size_t> written{0};
  const std::string piece(100'000, 'x');
  server_->routes().Add("/stream", [&](http::ServerExchange& exchange) -> async::Task<void> {
    exchange.StartStream(200, {});
    for (int i = 0; i < 1000; ++i) {
      auto writing = exchange.Write(piece);
      const absl::Status status = co_await writing;
      if (!status.ok()) co_return;
      written += piece.size();
    }
  });
  RawTls peer(server_->port(), TLS1_2_VERSION, TLS1_3_VERSION, "\x08http/1.1");
  ASSERT_TRUE(peer.connected());
  EXPECT_NE(peer.Exchange("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  size_t last = 1;
  for (size_t now = written; now != last; now = written) {
    last = now;
    usleep(50'000);
  }
  EXPECT_LT(written, 50'000'000u);
  EXPECT_LE(server_->thread().Call([&] { return server_->thread().loop().buffers().used_bytes(); }),
            1024u * 1024);
}

}  // namespace
}  // namespace aisix::tls
