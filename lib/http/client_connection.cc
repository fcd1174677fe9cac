#include "lib/http/client_connection.h"

#include <string.h>

#include <array>
#include <utility>

namespace aisix::http {

namespace {

// With its transport.
constexpr size_t kHeldBytes = sizeof(ClientConnection) + 1024;

}  // namespace

ClientConnection::ClientConnection(ClientPool& pool, ClientPool::Host& host, net::TransportPtr transport,
                                   bool open)
    : pool_(pool),
      host_(host),
      transport_(std::move(transport)),
      in_(pool.loop(), HeadParser::Type::kResponse, pool.options().head_limits),
      open_(open) {
  ++host_.connections;
  pool_.loop().heap().Grew(kHeldBytes);
}

ClientConnection::~ClientConnection() {
  pool_.loop().heap().Shrank(kHeldBytes);
  transport_.reset();
  ReleaseHead();
  if (idle_) pool_.Unlist(this);
  --host_.connections;
  pool_.Forget(host_);
}

void ClientConnection::OnOpen() {
  open_ = true;
  if (exchange_) exchange_->Notify();
}

// 1xx heads announce the one that counts.
void ClientConnection::SkipInterim() {
  while (in_.complete() && head().status < 200 && head().status != 101 && interim_ < kMaxInterim) {
    ++interim_;
    in_.NextMessage(head_request_);
  }
}

void ClientConnection::OnRead(size_t size) {
  in_.OnRead(size);
  if (size == 0) return;
  if (!exchange_) {
    // A server that speaks without being asked: nothing on this connection can be trusted.
    delete this;
    return;
  }
  SkipInterim();
  if (in_.phase() == Inbound::Phase::kHead) return;
  if (in_.collecting() && in_.phase() == Inbound::Phase::kBody && !in_.over_limit()) return;
  exchange_->Notify();
}

void ClientConnection::OnEnd(absl::Status status) {
  if (!exchange_) {
    delete this;
    return;
  }
  in_.OnRead(0);  // gives back a buffer that was made ready for nothing
  if (status.ok()) in_.OnEndOfFile();
  end_status_ = std::move(status);
  Shut();
  exchange_->Notify();
}

void ClientConnection::OnWritten(absl::Status status) {
  writing_ = false;
  ReleaseHead();
  // What the server had to say may still be in the socket: its end tells the rest.
  if (!status.ok()) write_failed_ = true;
  if (exchange_) exchange_->Notify();
}

void ClientConnection::Write(async::Buffer head, size_t head_size, size_t secret_size,
                             std::span<const std::string_view> body) {
  std::array<iovec, 65> pieces;
  int count = 0;
  pieces[count++] = iovec{head.data(), head_size};
  for (std::string_view piece : body) {
    if (!piece.empty()) pieces[count++] = iovec{const_cast<char*>(piece.data()), piece.size()};
  }
  switch (transport_->Write(pieces.data(), count)) {
    case net::WriteResult::kDone:
      break;
    case net::WriteResult::kPending:
      writing_ = true;
      out_ = std::move(head);
      secret_size_ = secret_size;
      return;
    case net::WriteResult::kFailed:
      write_failed_ = true;
      break;
  }
  ::explicit_bzero(head.data(), secret_size);
}

void ClientConnection::ReleaseHead() {
  if (out_) ::explicit_bzero(out_.data(), secret_size_);
  out_.Release();
}

void ClientConnection::Shut() {
  ended_ = true;
  writing_ = false;
  transport_.reset();
}

void ClientConnection::CancelWrite() {
  if (!std::exchange(writing_, false)) return;
  write_failed_ = true;
  transport_->CancelWrite();
  ReleaseHead();
}

bool ClientConnection::MayBeKept() const {
  return !ended_ && !writing_ && !write_failed_ && in_.complete() && !in_.has_next() && head().keep_alive &&
         head().status >= 200;
}

}  // namespace aisix::http
