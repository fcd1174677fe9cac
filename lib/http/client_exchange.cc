#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/http/client_connection.h"
#include "lib/http/proxy_tunnel.h"
#include "lib/http/wire/gzip.h"
#include "lib/http/wire/head_writer.h"

namespace aisix::http {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return "none";
    case ErrorKind::kResolve:
      return "resolve";
    case ErrorKind::kNotAllowed:
      return "not_allowed";
    case ErrorKind::kConnect:
      return "connect";
    case ErrorKind::kConnectTimeout:
      return "connect_timeout";
    case ErrorKind::kDialer:
      return "dialer";
    case ErrorKind::kTls:
      return "tls";
    case ErrorKind::kProxy:
      return "proxy";
    case ErrorKind::kDeadline:
      return "deadline";
    case ErrorKind::kReset:
      return "reset";
    case ErrorKind::kTruncated:
      return "truncated";
    case ErrorKind::kProtocol:
      return "protocol";
    case ErrorKind::kDecode:
      return "decode";
    case ErrorKind::kTooLarge:
      return "too_large";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "none";
}

ClientExchange::ClientExchange(ClientPool& pool) : pool_(pool) {}

ClientExchange::~ClientExchange() {
  if (dial_) dial_->exchange = nullptr;
  if (!connection_) return;
  ClientConnection* connection = std::exchange(connection_, nullptr);
  if (!cancelled_ && connection->MayBeKept()) {
    pool_.Keep(connection);
  } else {
    delete connection;
  }
}

void ClientExchange::DropConnection() {
  delete std::exchange(connection_, nullptr);
}

bool ClientExchange::response_started() const {
  return connection_ && connection_->in().started();
}

bool ClientExchange::complete() const {
  return connection_ && connection_->in().complete();
}

void ClientExchange::ReleaseHead() {
  if (connection_) connection_->in().ReleaseHead();
}

absl::Status ClientExchange::Fail(ErrorKind kind, absl::string_view message) {
  error_kind_ = kind;
  switch (kind) {
    case ErrorKind::kCancelled:
      return absl::CancelledError(message);
    case ErrorKind::kDeadline:
    case ErrorKind::kConnectTimeout:
      return absl::DeadlineExceededError(message);
    case ErrorKind::kTooLarge:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

void ClientExchange::Cancel() {
  if (std::exchange(cancelled_, true)) return;
  if (connection_) connection_->Shut();
  if (!event_.has_waiter()) return;
  cancellation_.Schedule(
      pool_.loop(), [](void* self) { static_cast<ClientExchange*>(self)->Notify(); }, this);
}

void ClientExchange::StartTimer(uint64_t deadline_ms) {
  timed_out_ = false;
  if (deadline_ms == 0) {
    timer_.Stop();
    return;
  }
  const uint64_t now = pool_.loop().NowMs();
  timer_.Start(
      pool_.loop(), deadline_ms > now ? deadline_ms - now : 0,
      [](void* argument) {
        auto* self = static_cast<ClientExchange*>(argument);
        self->timed_out_ = true;
        self->Notify();
      },
      this);
}

async::Maybe<absl::Status> ClientExchange::Send(const Origin& origin, const ClientRequest& request,
                                                const SendOptions& options) {
  origin_ = &origin;
  request_ = request;
  options_ = options;
  if (cancelled_) return Fail(ErrorKind::kCancelled, "cancelled");
  connection_ = pool_.TakeIdle(origin);
  if (!connection_) return ConnectAndSend();
  reused_ = true;
  connection_->Lend(this);
  if (absl::Status status = Transmit(); !status.ok()) return status;
  if (!connection_->writing()) return absl::OkStatus();
  return AwaitSent();
}

absl::Status ClientExchange::Transmit() {
  const ClientRequest& request = request_;
  size_t body_size = 0;
  for (std::string_view piece : request.body) body_size += piece.size();
  const bool bad_target = request.target.empty() || HasControlBytes(request.target) ||
                          request.target.find(' ') != std::string_view::npos;
  if (bad_target || request.body.size() > 64) {
    error_kind_ = ErrorKind::kProtocol;
    return absl::InvalidArgumentError("malformed request target");
  }
  const bool gather = body_size <= kGatheredBody;
  HeadWriter writer(pool_.loop().buffers(), request.headers,
                    request.method.size() + request.target.size() + 2 * origin_->host_header.size() +
                        (origin_->proxy ? origin_->proxy->authorization.size() : 0) +
                        request.header_lines.size() + 144 + (gather ? body_size : 0));
  const HttpProxy* proxy = origin_->security ? nullptr : origin_->proxy.get();
  writer.Add(request.method);
  writer.Add(" ");
  if (proxy) {
    writer.Add("http://");
    writer.Add(origin_->host_header);
  }
  writer.Add(request.target);
  writer.Add(" HTTP/1.1\r\nhost: ");
  writer.Add(origin_->host_header);
  writer.Add("\r\n");
  if (proxy && !proxy->authorization.empty()) {
    writer.Add("proxy-authorization: ");
    writer.Add(proxy->authorization);
    writer.Add("\r\n");
  }
  for (const Header& header : request.headers) {
    if (writer.AddHeader(header)) continue;
    error_kind_ = ErrorKind::kProtocol;
    return absl::InvalidArgumentError("control character in a request header");
  }
  writer.Add(request.header_lines);
  if (body_size > 0 || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    writer.Add("content-length: ");
    writer.AddNumber(body_size);
    writer.Add("\r\n");
  }
  writer.Add("\r\n");
  const size_t secret_size = writer.size();
  std::span<const std::string_view> body = request.body;
  if (gather) {
    for (std::string_view piece : std::exchange(body, {})) writer.Add(piece);
  }
  const size_t head_size = writer.size();
  connection_->SetHeadRequest(request.method == "HEAD");
  connection_->Write(writer.TakeBuffer(), head_size, secret_size, body);
  return absl::OkStatus();
}

async::Task<absl::Status> ClientExchange::ConnectAndSend() {
  absl::Status status = co_await Connect();
  if (status.ok()) status = Transmit();
  if (!status.ok()) co_return status;
  status = co_await AwaitSent();
  co_return status;
}

// Until the request is written, the server answers, or the connection ends (which ReceiveHead judges).
async::Task<absl::Status> ClientExchange::AwaitSent() {
  if (!connection_->writing()) co_return absl::OkStatus();
  StartTimer(options_.deadline_ms);
  while (connection_->writing() && !connection_->in().started() && !cancelled_ && !timed_out_) {
    co_await event_.Wait();
  }
  timer_.Stop();
  if (cancelled_) co_return Fail(ErrorKind::kCancelled, "cancelled");
  if (timed_out_) {
    connection_->Shut();
    co_return Fail(ErrorKind::kDeadline, "deadline exceeded while sending the request");
  }
  co_return absl::OkStatus();
}

absl::Status ClientExchange::FailedConnect(const absl::Status& failure, bool handshake) {
  // Of the three steps towards a secured origin, only the last one is not about the proxy.
  absl::Status status = failure;
  if (origin_->proxy && !failure.ok() && !(handshake && origin_->security)) {
    status = absl::Status(failure.code(), absl::StrCat("HTTP proxy: ", failure.message()));
  }
  switch (status.code()) {
    case absl::StatusCode::kDeadlineExceeded:
      return Fail(ErrorKind::kConnectTimeout, status.message());
    case absl::StatusCode::kNotFound:
      return Fail(ErrorKind::kResolve, status.message());
    case absl::StatusCode::kPermissionDenied:
      return Fail(ErrorKind::kNotAllowed, status.message());
    case absl::StatusCode::kInternal:
      return Fail(ErrorKind::kDialer, status.message());
    case absl::StatusCode::kUnauthenticated:
      return Fail(ErrorKind::kTls, absl::StrCat("TLS: ", status.message()));
    case absl::StatusCode::kOk:
      return Fail(ErrorKind::kConnect, "connection closed during the TLS handshake");
    default:
      return Fail(ErrorKind::kConnect, handshake ? absl::StrCat("TLS handshake: ", status.message())
                                                 : std::string(status.message()));
  }
}

// ABORTED: cancelled or out of time.
async::Task<absl::Status> ClientExchange::OpenTunnel(net::TransportPtr& transport, bool open) {
  ProxyTunnel tunnel(
      std::move(transport), *origin_, open, [](void* self) { static_cast<ClientExchange*>(self)->Notify(); },
      this);
  tunnel.Start();
  while (!tunnel.ended() && !cancelled_ && !timed_out_) co_await event_.Wait();
  if (!tunnel.ended()) co_return absl::AbortedError("");
  if (!tunnel.status().ok()) {
    co_return Fail(ErrorKind::kProxy, absl::StrCat("HTTP proxy: ", tunnel.status().message()));
  }
  transport = tunnel.Take();
  co_return absl::OkStatus();
}

async::Task<absl::Status> ClientExchange::Connect() {
  const uint64_t now = pool_.loop().NowMs();
  const uint64_t connect_deadline = options_.connect_timeout_ms > 0 ? now + options_.connect_timeout_ms : 0;
  const bool deadline_first =
      options_.deadline_ms > 0 && (connect_deadline == 0 || options_.deadline_ms < connect_deadline);
  reused_ = false;
  StartTimer(deadline_first ? options_.deadline_ms : connect_deadline);
  dial_ = pool_.StartDial(*this, *origin_, options_.connect_timeout_ms);
  dial_->task.Start();
  while (dial_ && !cancelled_ && !timed_out_) co_await event_.Wait();
  const bool dialled = dial_ == nullptr;
  if (!dialled) std::exchange(dial_, nullptr)->exchange = nullptr;
  const auto give_up = [&] {
    timer_.Stop();
    if (cancelled_) return Fail(ErrorKind::kCancelled, "cancelled");
    if (deadline_first) return Fail(ErrorKind::kDeadline, "deadline exceeded while connecting");
    return Fail(ErrorKind::kConnectTimeout,
                origin_->proxy ? "connect through the HTTP proxy timed out" : "connect timed out");
  };
  if (!dialled || cancelled_) co_return give_up();
  if (!dialled_.ok()) {
    timer_.Stop();
    co_return FailedConnect(dialled_.status(), false);
  }
  net::SetKeepAlive(dialled_->get(), pool_.options().keep_alive);
  absl::StatusOr<net::TransportPtr> transport = net::AdoptSocket(pool_.loop(), *std::move(dialled_));
  if (!transport.ok()) {
    timer_.Stop();
    co_return FailedConnect(transport.status(), false);
  }
  const net::ClientSecurity* security = origin_->security.get();
  const HttpProxy* proxy = origin_->proxy.get();
  bool open = true;
  if (proxy && proxy->security) {
    *transport = proxy->security->Connect(pool_.loop(), *std::move(transport), proxy->host, proxy->port);
    open = false;
  }
  if (proxy && security) {
    const absl::Status tunnel = co_await OpenTunnel(*transport, open);
    if (absl::IsAborted(tunnel)) co_return give_up();
    if (!tunnel.ok()) {
      timer_.Stop();
      co_return tunnel;
    }
  }
  if (security) {
    *transport = security->Connect(pool_.loop(), *std::move(transport), origin_->host, origin_->port);
    open = false;
  }
  connection_ = new ClientConnection(pool_, pool_.HostOf(*origin_), *std::move(transport), open);
  connection_->Lend(this);
  connection_->Start();
  while (!connection_->open() && !connection_->ended() && !cancelled_ && !timed_out_) co_await event_.Wait();
  if (connection_->open() && !connection_->ended() && !cancelled_) {
    timer_.Stop();
    co_return absl::OkStatus();
  }
  if (cancelled_ || !connection_->ended()) {
    connection_->Shut();
    co_return give_up();
  }
  timer_.Stop();
  co_return FailedConnect(connection_->end_status(), !open);
}

}  // namespace aisix::http
