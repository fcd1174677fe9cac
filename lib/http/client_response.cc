// The receiving half of a ClientExchange.
#include <algorithm>
#include <utility>

#include "lib/http/client_connection.h"
#include "lib/http/wire/gzip.h"

namespace aisix::http {
namespace {

constexpr size_t kDecodedSize = 32 * 1024;

bool IsGzip(const ResponseHead& head) {
  const std::optional<std::string_view> encoding = head.headers.Find("content-encoding");
  return encoding && (EqualsIgnoreCase(*encoding, "gzip") || EqualsIgnoreCase(*encoding, "x-gzip") ||
                      EqualsIgnoreCase(*encoding, "deflate"));
}

}  // namespace

async::Maybe<absl::StatusOr<const ResponseHead*>> ClientExchange::ReceiveHead(uint64_t deadline_ms) {
  if (connection_ && !cancelled_ && connection_->in().head_ready() && !connection_->writing() &&
      connection_->head().status >= 200 && !RefusedByProxy()) {
    return absl::StatusOr<const ResponseHead*>(TakeHead());
  }
  return AwaitHead(deadline_ms);
}

// To a plain request a proxy answers in the origin's place; this status can only be its own.
bool ClientExchange::RefusedByProxy() const {
  return origin_->proxy && !origin_->security && connection_->head().status == 407;
}

const ResponseHead* ClientExchange::TakeHead() {
  const ResponseHead& head = connection_->head();
  if (options_.decode_gzip && !decoder_ && IsGzip(head)) decoder_ = GzipDecoder::Make();
  return &head;
}

async::Task<absl::StatusOr<const ResponseHead*>> ClientExchange::AwaitHead(uint64_t deadline_ms) {
  StartTimer(deadline_ms);
  while (true) {
    if (cancelled_ || !connection_) {
      timer_.Stop();
      co_return Fail(ErrorKind::kCancelled, "cancelled");
    }
    Inbound& in = connection_->in();
    if (in.failed() && !in.head_ready()) {
      timer_.Stop();
      co_return Fail(ErrorKind::kProtocol, "malformed response: " + std::string(in.parser().error_reason()));
    }
    if (in.head_ready()) {
      const int status = connection_->head().status;
      if (status < 200) {
        timer_.Stop();
        co_return Fail(ErrorKind::kProtocol, "unexpected 1xx response");
      }
      if (RefusedByProxy()) {
        timer_.Stop();
        connection_->Shut();
        co_return Fail(ErrorKind::kProxy, "HTTP proxy: 407: it does not accept the credentials");
      }
      // The memory of the request must not be needed after this call. A refusal says all there is to say;
      // else the server answers while it reads on, and waiting for it could block both sides.
      if (connection_->writing() && status >= 300) connection_->CancelWrite();
      connection_->OwnWrite();
      timer_.Stop();
      co_return TakeHead();
    } else if (connection_->ended()) {
      if (reused_ && !retried_ && !in.started()) {
        retried_ = true;
        DropConnection();
        absl::Status again = co_await ConnectAndSend();
        if (!again.ok()) co_return again;
        StartTimer(deadline_ms);
        continue;
      }
      timer_.Stop();
      const absl::Status& end = connection_->end_status();
      co_return Fail(ErrorKind::kReset,
                     end.ok() ? absl::string_view("connection closed before the response") : end.message());
    }
    if (timed_out_) {
      co_return Fail(ErrorKind::kDeadline, "deadline exceeded while waiting for the response");
    }
    co_await event_.Wait();
  }
}

// Whether waiting for more body bytes is in vain; then `*error` says why, or is OK at the proper end.
bool ClientExchange::BodyEnded(absl::Status* error) {
  Inbound& in = connection_->in();
  if (cancelled_) {
    *error = Fail(ErrorKind::kCancelled, "cancelled");
  } else if (in.complete()) {
    *error = absl::OkStatus();
  } else if (in.failed()) {
    *error = Fail(ErrorKind::kProtocol, "malformed response: chunked body");
  } else if (connection_->ended()) {
    const absl::Status& end = connection_->end_status();
    *error = Fail(
        ErrorKind::kTruncated,
        end.ok() ? absl::string_view("connection closed before the end of the response") : end.message());
  } else {
    return false;
  }
  return true;
}

async::Maybe<absl::StatusOr<std::string_view>> ClientExchange::Read(uint64_t deadline_ms) {
  if (!connection_) return absl::StatusOr<std::string_view>(Fail(ErrorKind::kCancelled, "no response"));
  if (decoder_) return AwaitDecoded(deadline_ms);
  if (!cancelled_) {
    const std::string_view readable = connection_->in().TakeReadable();
    if (!readable.empty() || connection_->in().complete()) return absl::StatusOr<std::string_view>(readable);
  }
  return AwaitBody(deadline_ms);
}

async::Task<absl::StatusOr<std::string_view>> ClientExchange::AwaitBody(uint64_t deadline_ms) {
  StartTimer(deadline_ms);
  absl::Status error;
  while (true) {
    // What arrived before an end is still delivered.
    const std::string_view readable = cancelled_ ? std::string_view() : connection_->in().TakeReadable();
    const bool ended = readable.empty() && BodyEnded(&error);
    if (!readable.empty() || ended || timed_out_) {
      timer_.Stop();
      if (!readable.empty()) co_return readable;
      if (!ended)
        co_return Fail(ErrorKind::kDeadline, "deadline exceeded while waiting for the response body");
      if (!error.ok()) co_return error;
      co_return std::string_view();
    }
    connection_->ResumeReading();
    co_await event_.Wait();
  }
}

async::Task<absl::StatusOr<std::string_view>> ClientExchange::AwaitDecoded(uint64_t deadline_ms) {
  if (!decoded_) decoded_ = pool_.loop().buffers().Take(kDecodedSize);
  while (true) {
    size_t produced = 0;
    if (decoder_->Decode(decoded_.data(), decoded_.capacity(), &produced) == GzipDecoder::Result::kFailed) {
      co_return Fail(ErrorKind::kDecode, "malformed gzip body");
    }
    if (produced > 0) co_return std::string_view(decoded_.data(), produced);
    absl::StatusOr<std::string_view> input = co_await AwaitBody(deadline_ms);
    if (!input.ok()) co_return input;
    if (input->empty()) {
      if (!decoder_->at_end() && connection_->in().body_received() > 0) {
        co_return Fail(ErrorKind::kDecode, "truncated gzip body");
      }
      co_return std::string_view();
    }
    decoder_->Feed(*input);
  }
}

async::Maybe<absl::StatusOr<std::span<char>>> ClientExchange::ReadAll(uint64_t limit, uint64_t deadline_ms) {
  using Result = absl::StatusOr<std::span<char>>;
  if (!connection_) return Result(Fail(ErrorKind::kCancelled, "no response"));
  if (decoder_) return CollectDecoded(limit, deadline_ms);
  Inbound& in = connection_->in();
  if (!cancelled_ && in.complete()) {
    const std::span<char> whole = in.Whole();
    if (limit == 0 || whole.size() <= limit) return Result(whole);
  }
  return CollectBody(limit, deadline_ms);
}

async::Task<absl::StatusOr<std::span<char>>> ClientExchange::CollectBody(uint64_t limit,
                                                                         uint64_t deadline_ms) {
  Inbound& in = connection_->in();
  in.Collect(limit);
  StartTimer(deadline_ms);
  absl::Status error;
  while (true) {
    const bool too_large = in.over_limit() || (limit > 0 && in.body_remaining().value_or(0) > limit);
    if (too_large && !cancelled_) {
      timer_.Stop();
      co_return Fail(ErrorKind::kTooLarge, "response body too large");
    }
    const bool ended = BodyEnded(&error);
    if (ended || timed_out_) {
      timer_.Stop();
      if (!ended)
        co_return Fail(ErrorKind::kDeadline, "deadline exceeded while waiting for the response body");
      if (!error.ok()) co_return error;
      co_return in.Whole();
    }
    connection_->ResumeReading();
    co_await event_.Wait();
  }
}

async::Task<absl::StatusOr<std::span<char>>> ClientExchange::CollectDecoded(uint64_t limit,
                                                                            uint64_t deadline_ms) {
  async::Buffer whole = pool_.loop().buffers().Take(kDecodedSize);
  size_t size = 0;
  while (true) {
    size_t produced = 0;
    const size_t space = whole.capacity() - Inbound::kSlack - size;
    if (decoder_->Decode(whole.data() + size, space, &produced) == GzipDecoder::Result::kFailed) {
      co_return Fail(ErrorKind::kDecode, "malformed gzip body");
    }
    size += produced;
    if (limit > 0 && size > limit) co_return Fail(ErrorKind::kTooLarge, "response body too large");
    if (produced == space) {
      whole.Grow(whole.capacity() * 2, size);
      continue;
    }
    absl::StatusOr<std::string_view> input = co_await AwaitBody(deadline_ms);
    if (!input.ok()) co_return input.status();
    if (input->empty()) break;
    decoder_->Feed(*input);
  }
  if (!decoder_->at_end() && connection_->in().body_received() > 0) {
    co_return Fail(ErrorKind::kDecode, "truncated gzip body");
  }
  whole.data()[size] = '\0';
  decoded_ = std::move(whole);
  co_return std::span<char>(decoded_.data(), size);
}

}  // namespace aisix::http
