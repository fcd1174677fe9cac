// The sending half of a ServerConnection.
#include <array>
#include <cstring>
#include <utility>

#include "lib/http/server_connection.h"
#include "lib/http/wire/head_writer.h"

namespace aisix::http {
namespace {

constexpr size_t kMaxPieces = 64;

iovec Piece(std::string_view text) {
  return iovec{const_cast<char*>(text.data()), text.size()};
}

absl::Status CallerGone() {
  return absl::UnavailableError("caller disconnected");
}

bool StatusHasBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

// Whether what remains of the request's body can be discarded at a price that keeping the connection is
// worth.
bool ServerConnection::MayKeepAlive() const {
  if (server_.closing() || stopping_ || close_after_ || ended_ || in_.failed()) return false;
  if (in_.complete() || (body_wanted_ && !in_.over_limit())) return true;
  if (continue_wanted_) return false;
  return in_.body_remaining().value_or(0) <= server_.options().keep_alive_drain_bytes;
}

// Into out_, with `room` bytes to spare behind it.
void ServerConnection::RenderHead(int status, std::span<const Header> headers,
                                  std::optional<uint64_t> content_length, size_t room) {
  response_started_ = true;
  keep_alive_ = keep_alive_ && MayKeepAlive();
  const bool has_body = StatusHasBody(status);
  if (!has_body || is_head_request_) {
    framing_ = Framing::kNone;
  } else if (content_length) {
    framing_ = Framing::kLength;
  } else if (request_minor_version_ >= 1) {
    framing_ = Framing::kChunked;
  } else {
    framing_ = Framing::kUntilClose;
    keep_alive_ = false;
  }
  declared_ = content_length.value_or(0);

  const ServerOptions& options = server_.options();
  HeadWriter writer(loop().buffers(), headers, 256 + server_.server_line().size() + room);
  if (status == 200) {
    writer.Add("HTTP/1.1 200 OK\r\n");
  } else {
    writer.Add("HTTP/1.1 ");
    writer.AddNumber(static_cast<uint64_t>(status));
    writer.Add(" ");
    writer.Add(ReasonPhrase(status));
    writer.Add("\r\n");
  }
  for (const Header& header : headers) writer.AddHeader(header);
  writer.Add(server_.server_line());
  if (has_body) {
    if (content_length) {
      writer.Add("content-length: ");
      writer.AddNumber(*content_length);
      writer.Add("\r\n");
    } else if (request_minor_version_ >= 1) {
      writer.Add("transfer-encoding: chunked\r\n");
    }
  }
  if (options.send_date) writer.Add(server_.DateLine());
  if (!keep_alive_) {
    writer.Add("connection: close\r\n");
  } else if (request_minor_version_ == 0) {
    writer.Add("connection: keep-alive\r\n");
  }
  writer.Add("\r\n");
  out_size_ = writer.size();
  out_ = writer.TakeBuffer();
}

net::WriteResult ServerConnection::TryWrite(const iovec* pieces, int count) {
  const net::WriteResult result = transport_->Write(pieces, count);
  if (result == net::WriteResult::kPending) {
    writing_ = true;
  } else {
    out_.Release();
  }
  return result;
}

async::Maybe<absl::Status> ServerConnection::Send(const iovec* pieces, int count) {
  if (ended_) return CallerGone();
  // Only a head that was flushed, or `100 Continue`, can still be on its way.
  if (writing_) return SendLater(std::vector<iovec>(pieces, pieces + count));
  switch (TryWrite(pieces, count)) {
    case net::WriteResult::kDone:
      return absl::OkStatus();
    case net::WriteResult::kPending:
      return AwaitWritten();
    case net::WriteResult::kFailed:
      break;
  }
  ended_ = true;
  transport_.reset();
  return CallerGone();
}

async::Task<absl::Status> ServerConnection::AwaitWritten() {
  while (writing_ && !ended_) co_await wake_.Wait();
  if (ended_) co_return CallerGone();
  co_return absl::OkStatus();
}

async::Task<absl::Status> ServerConnection::SendLater(std::vector<iovec> pieces) {
  while (writing_ && !ended_) co_await wake_.Wait();
  async::Maybe<absl::Status> sent = Send(pieces.data(), static_cast<int>(pieces.size()));
  co_return co_await sent;
}

async::Maybe<absl::Status> ServerConnection::Respond(int status, std::span<const Header> headers,
                                                     std::span<const std::string_view> body) {
  if (response_started_ || body.size() > kMaxPieces) {
    return absl::FailedPreconditionError("response was started already, or has too many pieces");
  }
  if (ended_) return CallerGone();
  size_t length = 0;
  for (std::string_view piece : body) length += piece.size();
  const bool gather = length <= kGatheredBody;
  RenderHead(status, headers, length, gather ? length : 0);
  response_finished_ = true;
  std::array<iovec, kMaxPieces + 1> pieces;
  int count = 1;
  if (framing_ == Framing::kLength) {
    sent_ = length;
    for (std::string_view piece : body) {
      if (piece.empty()) continue;
      if (gather) {
        std::memcpy(out_.data() + out_size_, piece.data(), piece.size());
        out_size_ += piece.size();
      } else {
        pieces[count++] = Piece(piece);
      }
    }
  }
  pieces[0] = Piece({out_.data(), out_size_});
  return Send(pieces.data(), count);
}

void ServerConnection::StartStream(int status, std::span<const Header> headers,
                                   std::optional<uint64_t> content_length) {
  if (response_started_ || ended_) return;
  RenderHead(status, headers, content_length, 0);
  head_unsent_ = true;
  flush_.Schedule(
      loop(), [](void* self) { static_cast<ServerConnection*>(self)->FlushHead(); }, this);
}

void ServerConnection::FlushHead() {
  if (!head_unsent_ || ended_) return;
  if (writing_) return;  // `100 Continue` to a slow caller: OnWritten comes back here
  head_unsent_ = false;
  const iovec head = Piece({out_.data(), out_size_});
  if (TryWrite(&head, 1) == net::WriteResult::kFailed) Gone();
}

async::Maybe<absl::Status> ServerConnection::WritePieces(std::span<const std::string_view> pieces,
                                                         bool last) {
  if (!response_started_ || response_finished_ || pieces.size() > kMaxPieces) {
    return ended_ ? CallerGone() : absl::FailedPreconditionError("no response is being written");
  }
  if (ended_) return CallerGone();
  size_t total = 0;
  for (std::string_view piece : pieces) total += piece.size();
  if (framing_ == Framing::kLength && (sent_ + total > declared_ || (last && sent_ + total != declared_))) {
    Abort();
    return absl::OutOfRangeError("response body does not have its declared length");
  }

  std::array<iovec, kMaxPieces + 3> out;
  int count = 0;
  if (head_unsent_) {
    out[count++] = Piece({out_.data(), out_size_});
    head_unsent_ = false;
    flush_.Cancel();
  }
  const bool chunked = framing_ == Framing::kChunked;
  if (framing_ != Framing::kNone && total > 0) {
    if (chunked) out[count++] = Piece({chunk_line_, WriteChunkSize(chunk_line_, total)});
    for (std::string_view piece : pieces) {
      if (!piece.empty()) out[count++] = Piece(piece);
    }
    if (chunked) out[count++] = Piece(last ? "\r\n0\r\n\r\n" : "\r\n");
    sent_ += total;
  } else if (chunked && last) {
    out[count++] = Piece("0\r\n\r\n");
  }
  response_finished_ = last;
  if (count == 0) return absl::OkStatus();
  return Send(out.data(), count);
}

void ServerConnection::SendContinue() {
  if (!std::exchange(continue_wanted_, false) || ended_ || writing_ || response_started_) return;
  const iovec text = Piece("HTTP/1.1 100 Continue\r\n\r\n");
  if (transport_->Write(&text, 1) == net::WriteResult::kPending) writing_ = writing_continue_ = true;
}

void ServerConnection::Abort() {
  if (ended_) return;
  if (framing_ == Framing::kUntilClose && response_started_) {
    // Nothing but a reset tells this caller that the body is not whole.
    transport_->ResetOnClose();
  }
  ended_ = true;
  writing_ = false;
  transport_.reset();
}

void ServerConnection::OnAbort(void (*hook)(void* argument), void* argument) {
  if (ended_ && hook != nullptr) {
    hook(argument);
    return;
  }
  hook_ = hook;
  hook_argument_ = argument;
}

}  // namespace aisix::http
