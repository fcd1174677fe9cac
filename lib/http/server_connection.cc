#include "lib/http/server_connection.h"

#include <algorithm>
#include <utility>

namespace aisix::http {
namespace {

constexpr uint64_t kLingerWhenStoppingMs = 1'000;
// With its coroutine and its transport.
constexpr size_t kHeldBytes = sizeof(ServerConnection) + 1024;

}  // namespace

ServerConnection::ServerConnection(Server& server, net::TransportPtr transport, const net::Address& peer,
                                   bool secure)
    : server_(server),
      transport_(std::move(transport)),
      peer_(peer),
      secure_(secure),
      in_(server.loop(), HeadParser::Type::kRequest, server.options().head_limits),
      exchange_(*this) {
  loop().heap().Grew(kHeldBytes);
}

ServerConnection::~ServerConnection() {
  loop().heap().Shrank(kHeldBytes);
  // First: memory that a pending write borrows from the handler's frame goes with that frame.
  transport_.reset();
  hook_ = nullptr;
  serve_.Reset();
  if (in_exchange_) server_.in_flight_.store(server_.in_flight() - 1, std::memory_order_relaxed);
}

void ServerConnection::Start() {
  serve_ = Serve();
  serve_.Start();
  transport_->SetReceiver(this);
}

void ServerConnection::StopWhenIdle() {
  stopping_ = true;
  if (!in_exchange_) Wake();
}

void ServerConnection::StartTimer(uint64_t delay_ms) {
  timed_out_ = false;
  timer_.Start(
      loop(), delay_ms,
      [](void* argument) {
        auto* self = static_cast<ServerConnection*>(argument);
        self->timed_out_ = true;
        self->Wake();
      },
      this);
}

void ServerConnection::OnRead(size_t size) {
  in_.OnRead(size);
  if (size == 0 || !wake_.has_waiter()) return;
  if (in_.phase() == Inbound::Phase::kHead) return;
  if (in_.collecting() && in_.phase() == Inbound::Phase::kBody && !in_.over_limit()) return;
  wake_.Set();
}

void ServerConnection::OnEnd(absl::Status) {
  // Gives back the buffer that was made ready for what did not come: thousands may end in one turn of the
  // loop.
  in_.OnRead(0);
  Gone();
}

void ServerConnection::OnWritten(absl::Status status) {
  writing_ = false;
  // Behind `100 Continue` the response's head may be waiting in out_.
  if (!std::exchange(writing_continue_, false)) out_.Release();
  if (!status.ok()) {
    Gone();
    return;
  }
  if (head_unsent_) FlushHead();
  Wake();
}

void ServerConnection::Gone() {
  ended_ = true;
  writing_ = false;
  transport_.reset();
  if (wake_.has_waiter()) {
    wake_.Set();
  } else if (hook_) {
    std::exchange(hook_, nullptr)(hook_argument_);
  }
}

async::Task<void> ServerConnection::Serve() {
  while (true) {
    if (in_.phase() == Inbound::Phase::kHead) {
      const uint64_t limit_ms = server_.options().idle_timeout_ms;
      if (limit_ms > 0) StartTimer(limit_ms);
      // It may have paused behind a pipelined request.
      if (transport_) transport_->ResumeReading();
      while (in_.phase() == Inbound::Phase::kHead && !ended_ && !timed_out_ && !stopping_)
        co_await wake_.Wait();
      timer_.Stop();
    }
    if (ended_) break;
    if (!in_.head_ready()) {
      // Nothing at all came: an idle connection is closed without a word.
      const bool refused = in_.failed() || (timed_out_ && in_.started());
      if (refused) co_await RefuseRequest();
      break;
    }
    BeginExchange();
    {
      async::Maybe<void> handled = server_.handler().Handle(exchange_);
      co_await handled;
    }
    hook_ = nullptr;
    flush_.Cancel();
    in_exchange_ = false;
    server_.in_flight_.store(server_.in_flight() - 1, std::memory_order_relaxed);
    if (!response_finished_ || ended_ || writing_ || !keep_alive_ || stopping_ || !in_.complete()) {
      const bool goes_on = co_await EndExchange();
      if (!goes_on) break;
    }
    in_.NextMessage();
  }
  ended_ = true;
  transport_.reset();
  // Not here: this coroutine's frame belongs to the connection.
  removal_.Schedule(
      loop(),
      [](void* argument) {
        auto* self = static_cast<ServerConnection*>(argument);
        self->server_.Remove(self);
      },
      this);
}

void ServerConnection::BeginExchange() {
  in_exchange_ = true;
  server_.in_flight_.store(server_.in_flight() + 1, std::memory_order_relaxed);
  const RequestHead& head = request();
  continue_wanted_ = head.expect_continue && !in_.complete() && in_.body_received() == 0;
  is_head_request_ = head.method == "HEAD";
  request_minor_version_ = head.minor_version;
  // Kept here because the head may be released before the response is rendered.
  keep_alive_ = caller_keeps_ = head.keep_alive;
  body_wanted_ = false;
  response_started_ = response_finished_ = close_after_ = head_unsent_ = false;
  timed_out_ = false;
  framing_ = Framing::kNone;
  declared_ = sent_ = 0;
}

// The ways out of a request that are not "answered, read to its end, next".
async::Task<bool> ServerConnection::EndExchange() {
  if (!ended_ && !response_started_) {
    close_after_ = true;
    async::Maybe<absl::Status> sent = Respond(500, {}, {});
    (void)co_await sent;
  }
  while (writing_ && !ended_) co_await wake_.Wait();
  if (!ended_ && !response_finished_) Abort();
  if (ended_) co_return false;
  if (keep_alive_ && !stopping_) {
    if (in_.complete()) co_return true;
    const uint64_t bytes = server_.options().keep_alive_drain_bytes;
    const DrainResult drained = co_await DrainSlowly(bytes, server_.options().linger_ms);
    if (drained == DrainResult::kCompleted) co_return true;
    if (ended_) co_return false;
  }
  // With unread bytes in the socket a close would reset the connection, and the caller might lose the
  // response.
  if (!in_.complete() || in_.has_next()) co_await Linger();
  co_return false;
}

async::Task<void> ServerConnection::Linger() {
  transport_->ShutdownWrite();
  in_.Discard();
  const uint64_t limit = in_.body_received() + server_.options().linger_bytes;
  StartTimer(stopping_ ? std::min(server_.options().linger_ms, kLingerWhenStoppingMs)
                       : server_.options().linger_ms);
  transport_->ResumeReading();
  while (!ended_ && !timed_out_ && in_.body_received() < limit) co_await wake_.Wait();
  timer_.Stop();
}

async::Task<void> ServerConnection::RefuseRequest() {
  ProtocolError error{};
  error.reason = in_.parser().error_reason();
  switch (in_.head_error()) {
    case HeadError::kNone:
      error.kind = ProtocolError::Kind::kHeadTimeout;
      error.status = 408;
      error.reason = "head incomplete after the idle timeout";
      break;
    case HeadError::kMalformed:
      error.kind = ProtocolError::Kind::kMalformed;
      error.status = 400;
      break;
    case HeadError::kConflictingContentLength:
      error.kind = ProtocolError::Kind::kConflictingContentLength;
      error.status = 400;
      break;
    case HeadError::kTooLarge:
      error.kind = ProtocolError::Kind::kHeadTooLarge;
      error.status = 431;
      break;
    case HeadError::kConnectMethod:
      error.kind = ProtocolError::Kind::kConnectMethod;
      error.status = 405;
      break;
    case HeadError::kVersion:
      error.kind = ProtocolError::Kind::kVersion;
      error.status = 505;
      break;
  }
  ErrorReply reply;
  in_.KeepWhatWasRead();
  server_.handler().RenderProtocolError(error, exchange_, reply);
  std::vector<Header> headers;
  if (!reply.content_type.empty()) headers.push_back({"content-type", reply.content_type});
  for (const auto& [name, value] : reply.headers) headers.push_back({name, value});
  response_started_ = response_finished_ = is_head_request_ = continue_wanted_ = false;
  request_minor_version_ = 1;
  keep_alive_ = false;
  sent_ = 0;
  const std::string_view body = reply.body;
  async::Maybe<absl::Status> sent = Respond(error.status, headers, {&body, 1});
  const absl::Status status = co_await sent;
  if (status.ok()) co_await Linger();
}

async::Maybe<absl::StatusOr<std::span<char>>> ServerConnection::ReadBody(uint64_t limit) {
  if (limit > 0 && (in_.body_received() > limit || request().content_length.value_or(0) > limit)) {
    return absl::StatusOr<std::span<char>>(absl::ResourceExhaustedError("request body too large"));
  }
  if (in_.complete()) return absl::StatusOr<std::span<char>>(in_.Whole());
  return CollectBody(limit);
}

async::Task<absl::StatusOr<std::span<char>>> ServerConnection::CollectBody(uint64_t limit) {
  body_wanted_ = true;
  SendContinue();
  in_.Collect(limit);
  while (!in_.complete()) {
    if (ended_) co_return absl::UnavailableError("caller disconnected");
    if (in_.failed()) co_return absl::InvalidArgumentError("malformed chunked body");
    if (in_.over_limit()) co_return absl::ResourceExhaustedError("request body too large");
    transport_->ResumeReading();
    co_await wake_.Wait();
  }
  if (in_.over_limit()) co_return absl::ResourceExhaustedError("request body too large");
  co_return in_.Whole();
}

async::Maybe<absl::StatusOr<std::string_view>> ServerConnection::ReadSome() {
  body_wanted_ = true;
  const std::string_view readable = in_.TakeReadable();
  if (!readable.empty() || in_.complete()) return absl::StatusOr<std::string_view>(readable);
  return AwaitSome();
}

async::Task<absl::StatusOr<std::string_view>> ServerConnection::AwaitSome() {
  SendContinue();
  while (true) {
    const std::string_view readable = in_.TakeReadable();
    if (!readable.empty() || in_.complete()) co_return readable;
    if (ended_) co_return absl::UnavailableError("caller disconnected");
    if (in_.failed()) co_return absl::InvalidArgumentError("malformed chunked body");
    transport_->ResumeReading();
    co_await wake_.Wait();
  }
}

void ServerConnection::ReleaseRequest() {
  in_.ReleaseBody();
  in_.ReleaseHead();
}

async::Maybe<DrainResult> ServerConnection::Drain(uint64_t max_bytes, uint64_t max_ms) {
  if (in_.complete()) return DrainResult::kCompleted;
  // Who waits for `100 Continue` sends no body as long as it does not come.
  if (continue_wanted_ && in_.body_received() == 0) return DrainResult::kCompleted;
  return DrainSlowly(max_bytes, max_ms);
}

async::Task<DrainResult> ServerConnection::DrainSlowly(uint64_t max_bytes, uint64_t max_ms) {
  in_.Discard();
  StartTimer(max_ms);
  DrainResult result = DrainResult::kCompleted;
  while (!in_.complete()) {
    if (ended_ || in_.failed()) {
      result = DrainResult::kClientReadError;
      break;
    }
    if (in_.body_received() > max_bytes) {
      result = DrainResult::kCapReached;
      break;
    }
    if (timed_out_) {
      result = DrainResult::kTimeout;
      break;
    }
    transport_->ResumeReading();
    co_await wake_.Wait();
  }
  timer_.Stop();
  co_return result;
}

}  // namespace aisix::http
