// HTTP/1.1 server of one loop.
//
//   class Hello : public http::Handler {
//     async::Maybe<void> Handle(http::ServerExchange& exchange) override { return Serve(exchange); }
//     async::Task<void> Serve(http::ServerExchange& exchange) {
//       auto body = co_await exchange.ReadBody(1 << 20);
//       if (!body.ok()) co_return;  // the caller is gone, or sends too much
//       const http::Header headers[] = {{"content-type", "text/plain"}};
//       (void)co_await exchange.Respond(200, headers, std::string_view(body->data(), body->size()));
//     }
//   };
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lib/async/loop.h"
#include "lib/async/maybe.h"
#include "lib/http/head.h"
#include "lib/http/server_exchange.h"
#include "lib/net/address.h"
#include "lib/net/listener.h"
#include "lib/net/security.h"
#include "lib/os/unique_fd.h"

namespace aisix::http {

// A request that was refused before a handler saw it.
struct ProtocolError {
  enum class Kind : uint8_t {
    kMalformed,                 // 400
    kConflictingContentLength,  // 400, spec 01 §10
    kHeadTooLarge,              // 431
    kConnectMethod,             // 405: tunnels are not offered
    kVersion,                   // 505
    kHeadTimeout,               // 408
  };
  Kind kind;
  int status;
  std::string_view reason;  // for the log
};

// What is answered to it; the connection is closed after it. Empty unless a handler fills it.
struct ErrorReply {
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Answers requests. One object for all connections of a loop.
class Handler {
 public:
  virtual ~Handler() = default;
  // Runs a request to its end. A handler that returns without a complete response aborts the connection (500
  // if nothing was sent). What it leaves of the request's body is discarded within bounds, or the connection
  // closed.
  virtual async::Maybe<void> Handle(ServerExchange& exchange) = 0;
  // `exchange` is for looking at: its request() has method, path and header lines as far as they were read,
  // which is not to be acted upon.
  virtual void RenderProtocolError(const ProtocolError& error, ServerExchange& exchange, ErrorReply& reply) {
    (void)error;
    (void)exchange;
    (void)reply;
  }
};

struct ServerOptions {
  HeadLimits head_limits;
  uint64_t idle_timeout_ms = 0;  // spec 05 §1.1: between requests, and for a head to be complete; 0: never
  std::string server_header;     // value of `server` in every response; empty: none
  bool send_date = true;
  uint64_t keep_alive_drain_bytes = 256 * 1024;  // unread request body that is discarded to keep a connection
  uint64_t linger_bytes =
      32 * 1024 * 1024;  // discarded at most before a close, so that the caller reads the answer
  uint64_t linger_ms = 5'000;
};

// Belongs to its loop's thread; the counters may be read from any thread. Destroying it abandons the requests
// that run.
class Server {
 public:
  Server(async::Loop& loop, Handler& handler, ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Accepts from an inherited listening socket. `secure`: every connection of it starts with a TLS handshake.
  absl::Status Listen(os::UniqueFd socket, bool secure);
  // Serves a socket that was accepted elsewhere.
  void Adopt(os::UniqueFd socket, const net::Address& peer, bool secure);
  // Certificates of connections to come; needed before a secure Listen.
  void SetSecurity(std::shared_ptr<const net::ServerSecurity> security) { security_ = std::move(security); }

  // From now on every response says `connection: close` (spec 01 §11). Accepting goes on.
  void SetClosing() { closing_ = true; }
  bool closing() const { return closing_; }
  // Closes the listening sockets; from now on every response says `connection: close`. Connections that are
  // between requests stay for one more: a caller that is just sending it must not find them closed.
  void StopListening();
  // The same, and closes the connections that are between requests; requests that run are finished.
  void StopAccepting();

  size_t connections() const { return connection_count_.load(std::memory_order_relaxed); }
  // Requests from a complete head to the last byte of the response.
  size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  async::Loop& loop() { return loop_; }
  const ServerOptions& options() const { return options_; }
  Handler& handler() { return handler_; }

 private:
  friend class ServerConnection;

  // "server: …\r\n", or empty.
  std::string_view server_line() const { return server_line_; }
  std::string_view DateLine();
  void Remove(ServerConnection* connection);

  async::Loop& loop_;
  Handler& handler_;
  ServerOptions options_;
  std::shared_ptr<const net::ServerSecurity> security_;
  bool closing_ = false;
  bool stopped_ = false;
  std::atomic<size_t> connection_count_{0};
  std::atomic<size_t> in_flight_{0};
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  ServerConnection* first_ = nullptr;  // list of all connections, owned
  std::string server_line_;
  int64_t date_second_ = -1;
  char date_line_[40] = {};
};

}  // namespace aisix::http
