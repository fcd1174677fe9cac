// HTTP/1.1 client of one loop: a pool of connections, and exchanges on them.
//
//   http::ClientExchange exchange(pool);
//   auto cancel = [&exchange] { exchange.Cancel(); };
//   server_exchange.OnAbort(cancel);
//   absl::Status sent = co_await exchange.Send(origin, request, options);
//   if (!sent.ok()) … exchange.error_kind(), sent.message()
//   auto head = co_await exchange.ReceiveHead(deadline_ms);       // const ResponseHead*
//   auto body = co_await exchange.ReadAll(limit, deadline_ms);    // or Read() in a loop until it is empty
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/async/event.h"
#include "lib/async/loop.h"
#include "lib/async/maybe.h"
#include "lib/http/head.h"
#include "lib/net/dialer.h"
#include "lib/net/listener.h"
#include "lib/net/security.h"
#include "lib/os/unique_fd.h"

namespace aisix::http {

// An HTTP proxy between this process and an origin (RFC 9110 §7.3). Immutable; shared by origins.
struct HttpProxy {
  std::string host;  // name, or address without brackets
  uint16_t port = 0;
  std::string authorization;                            // value of `proxy-authorization`; empty: none
  std::shared_ptr<const net::ClientSecurity> security;  // towards the proxy; null: plain text
};

// Where a request goes, and which connections it may share: those of an equal origin with the same security
// and proxy objects. Built once per destination, not per request.
struct Origin {
  std::string host;  // name, or address without brackets; SNI and verification use it
  uint16_t port = 0;
  std::string host_header;  // `api.example.com`, `[::1]:8080`; the value of `host` in requests
  std::shared_ptr<const net::ClientSecurity> security;  // null: plain text
  // Null: connected to directly. Else a secured origin is reached through a tunnel (CONNECT), and a plain one
  // by requests that name it (absolute-form).
  std::shared_ptr<const HttpProxy> proxy;
};

// What kept an exchange from succeeding.
enum class ErrorKind : uint8_t {
  kNone,
  kResolve,         // the name does not resolve
  kNotAllowed,      // not a configured destination
  kConnect,         // refused, unreachable
  kConnectTimeout,  // dial or TLS handshake took longer than connect_timeout_ms
  kDialer,          // the dialling zone cannot be reached
  kTls,             // handshake or certificate
  kProxy,           // the HTTP proxy in between refused, or does not speak HTTP
  kDeadline,        // the deadline that was passed to the call
  kReset,           // closed or reset before the response's head was complete
  kTruncated,       // closed or reset inside the body
  kProtocol,        // not HTTP/1.1, or outside the limits of a head
  kDecode,          // broken gzip body
  kTooLarge,        // ReadAll's limit
  kCancelled,
};
std::string_view ErrorKindName(ErrorKind kind);

struct ClientPoolOptions {
  uint64_t idle_timeout_ms = 30'000;  // spec 05 §9
  size_t max_idle_per_host = SIZE_MAX;
  HeadLimits head_limits;
  net::KeepAlive keep_alive;
};

// Borrowed views; they stay valid until ReceiveHead returned (a request may have to be sent again).
struct ClientRequest {
  std::string_view method = "POST";
  std::string_view target;                 // "/v1/chat/completions"
  std::span<const Header> headers;         // `host` and `content-length` are added; do not pass them
  std::string_view header_lines;           // further complete lines, "name: value\r\n", sent as they are
  std::span<const std::string_view> body;  // pieces, sent without a copy; at most 64
};

struct SendOptions {
  uint64_t connect_timeout_ms = 5'000;  // dial and handshake together; 0: none
  uint64_t deadline_ms = 0;  // loop time (Loop::NowMs) for connecting and sending together; 0: none
  bool decode_gzip =
      false;  // bodies with `content-encoding: gzip` (or deflate) are decoded by Read and ReadAll
};

class ClientConnection;
class ClientExchange;
class GzipDecoder;
struct ClientDial;

// Idle connections of one loop, by origin; the one used last is used first. Connections that the peer closes
// while idle are dropped at once. Exchanges must be gone before it is destroyed.
class ClientPool {
 public:
  ClientPool(async::Loop& loop, net::Dialer& dialer, ClientPoolOptions options);
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;
  ~ClientPool();

  async::Loop& loop() { return loop_; }
  const ClientPoolOptions& options() const { return options_; }
  size_t idle_connections() const { return idle_; }
  uint64_t connections_opened() const { return opened_; }  // since the start
  void CloseIdle();

 private:
  friend class ClientExchange;
  friend class ClientConnection;
  friend struct ClientDial;
  struct Host;
  struct Hosts;

  Host& HostOf(const Origin& origin);
  // Null when none is idle.
  ClientConnection* TakeIdle(const Origin& origin);
  void Keep(ClientConnection* connection);
  void Unlist(ClientConnection* connection);
  void Forget(Host& host);
  ClientDial* StartDial(ClientExchange& exchange, const Origin& origin, uint64_t timeout_ms);
  void EndDial(ClientDial* dial);

  async::Loop& loop_;
  net::Dialer& dialer_;
  ClientPoolOptions options_;
  std::unique_ptr<Hosts> hosts_;
  ClientDial* dials_ = nullptr;  // list, owned
  size_t idle_ = 0;
  uint64_t opened_ = 0;
};

// One request and its response. Lives in its handler's frame; destroying it before the end of the response
// closes the connection. After an error (but see Read) only the destructor may follow.
class ClientExchange {
 public:
  explicit ClientExchange(ClientPool& pool);
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;
  ~ClientExchange();

  // Takes or opens a connection and writes the request. May return before all is written when the server
  // answers early. `origin` must outlive ReceiveHead. INVALID_ARGUMENT: a header or the target has a control
  // character.
  async::Maybe<absl::Status> Send(const Origin& origin, const ClientRequest& request,
                                  const SendOptions& options);
  // The final head (1xx are skipped). A pooled connection that turns out closed before any byte of a response
  // came is replaced by a fresh one, once, and the request sent again. `deadline_ms` is loop time, 0: none.
  // The head is valid until the exchange ends. An error response (300 and above) does not wait until the
  // request was sent whole.
  async::Maybe<absl::StatusOr<const ResponseHead*>> ReceiveHead(uint64_t deadline_ms);
  // All body bytes that are there, at least one; empty at the body's proper end. Valid until the next call.
  // Reading from the server pauses when nobody takes the bytes. DEADLINE_EXCEEDED leaves the exchange usable:
  // Read again.
  async::Maybe<absl::StatusOr<std::string_view>> Read(uint64_t deadline_ms);
  // The (rest of the) body in one piece; the next byte is '\0', and 64 bytes behind it are readable. `limit`
  // in bytes, 0: none; RESOURCE_EXHAUSTED beyond. Valid until the exchange ends. The bytes may be changed in
  // place.
  async::Maybe<absl::StatusOr<std::span<char>>> ReadAll(uint64_t limit, uint64_t deadline_ms);
  // Closes the connection at once; whoever waits gets CANCELLED before the loop next waits. What was read
  // stays valid. Idempotent; safe at any time, also before Send and after the end.
  void Cancel();
  // The caller needs no view of the head any more: an open stream then holds no buffer while it waits.
  void ReleaseHead();

  // kNone until a call failed.
  ErrorKind error_kind() const { return error_kind_; }
  // Whether the connection came from the pool.
  bool reused_connection() const { return reused_; }
  // Whether any byte of a response arrived.
  bool response_started() const;
  // The body has a content-encoding that Read and ReadAll undo.
  bool decoding() const { return decoder_ != nullptr; }
  // The body arrived to its end.
  bool complete() const;

 private:
  friend class ClientConnection;
  friend class ClientPool;
  friend struct ClientDial;

  async::Task<absl::Status> ConnectAndSend();
  async::Task<absl::Status> Connect();
  async::Task<absl::Status> OpenTunnel(net::TransportPtr& transport, bool open);
  async::Task<absl::Status> AwaitSent();
  async::Task<absl::StatusOr<const ResponseHead*>> AwaitHead(uint64_t deadline_ms);
  async::Task<absl::StatusOr<std::string_view>> AwaitBody(uint64_t deadline_ms);
  async::Task<absl::StatusOr<std::string_view>> AwaitDecoded(uint64_t deadline_ms);
  async::Task<absl::StatusOr<std::span<char>>> CollectBody(uint64_t limit, uint64_t deadline_ms);
  async::Task<absl::StatusOr<std::span<char>>> CollectDecoded(uint64_t limit, uint64_t deadline_ms);
  absl::Status Transmit();
  [[gnu::cold]] absl::Status Fail(ErrorKind kind, absl::string_view message);
  absl::Status FailedConnect(const absl::Status& status, bool handshake);
  bool RefusedByProxy() const;
  bool BodyEnded(absl::Status* error);
  const ResponseHead* TakeHead();
  void StartTimer(uint64_t deadline_ms);
  void Notify() {
    if (event_.has_waiter()) event_.Set();
  }
  void DropConnection();

  ClientPool& pool_;
  ClientConnection* connection_ = nullptr;  // owned
  ClientDial* dial_ = nullptr;
  absl::StatusOr<os::UniqueFd> dialled_;
  const Origin* origin_ = nullptr;
  ClientRequest request_;
  SendOptions options_;
  async::Event event_;
  async::Timer timer_;
  async::Deferred cancellation_;
  std::unique_ptr<GzipDecoder> decoder_;
  async::Buffer decoded_;
  size_t decoded_size_ = 0;
  ErrorKind error_kind_ = ErrorKind::kNone;
  bool cancelled_ = false;
  bool timed_out_ = false;
  bool reused_ = false;
  bool retried_ = false;
};

}  // namespace aisix::http
