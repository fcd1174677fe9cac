#include "lib/tls/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/mem.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/tls/error_text.h"

namespace aisix::tls {
namespace {

constexpr size_t kRecord = 16 * 1024;     // plaintext of a record at most
constexpr size_t kInSize = 32 * 1024;     // more than one record of ciphertext
constexpr size_t kMaxAhead = 128 * 1024;  // ciphertext that waits for the socket
constexpr size_t kRecordOverhead = 128;

}  // namespace

// Keeps the object while a call from outside runs, also when that call closes it.
class Stream::Entry {
 public:
  explicit Entry(Stream* stream) : stream_(stream) { ++stream_->depth_; }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (--stream_->depth_ == 0 && stream_->closed_) delete stream_;
  }

 private:
  Stream* stream_;
};

Stream::Stream(async::Loop& loop, net::TransportPtr plain, bssl::UniquePtr<SSL> ssl, std::string host,
               uint64_t handshake_timeout_ms)
    : loop_(loop), plain_(std::move(plain)), ssl_(std::move(ssl)), host_(std::move(host)) {
  BIO* bio = BIO_new(Method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_shed_handshake_config(ssl_.get(), 1);
  if (handshake_timeout_ms > 0) {
    handshake_timer_.Start(
        loop_, handshake_timeout_ms,
        [](void* argument) {
          auto* self = static_cast<Stream*>(argument);
          Entry entry(self);
          self->End(absl::DeadlineExceededError("TLS handshake timed out"));
        },
        this);
  }
}

const BIO_METHOD* Stream::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

int Stream::BioRead(BIO* bio, char* data, int size) {
  auto* self = static_cast<Stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t part = std::min(static_cast<size_t>(size), self->in_end_ - self->in_begin_);
  if (part == 0) {
    if (self->plain_ended_) return 0;
    BIO_set_retry_read(bio);
    return -1;
  }
  std::memcpy(data, self->in_.data() + self->in_begin_, part);
  self->in_begin_ += part;
  return static_cast<int>(part);
}

int Stream::BioWrite(BIO* bio, const char* data, int size) {
  auto* self = static_cast<Stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t wanted = self->out_size_ + static_cast<size_t>(size);
  if (!self->out_) {
    self->out_ = self->loop_.buffers().Take(wanted);
  } else if (wanted > self->out_.capacity()) {
    self->out_.Grow(std::max(wanted, 2 * self->out_.capacity()), self->out_size_);
  }
  std::memcpy(self->out_.data() + self->out_size_, data, static_cast<size_t>(size));
  self->out_size_ = wanted;
  return size;
}

long Stream::BioControl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void Stream::SetReceiver(net::StreamReceiver* receiver) {
  receiver_ = receiver;
  if (!receiver) return;
  if (!started_) {
    started_ = true;
    plain_->SetReceiver(this);
  }
  ResumeReading();
}

void Stream::ResumeReading() {
  if (ended_ || closed_) return;
  // Not from here: a receiver is never told from inside a call.
  advance_.Schedule(
      loop_,
      [](void* argument) {
        auto* self = static_cast<Stream*>(argument);
        Entry entry(self);
        self->Advance();
      },
      this);
}

std::span<char> Stream::ReadSpace() {
  if (!in_) {
    in_ = loop_.buffers().Take(kInSize);
    in_begin_ = in_end_ = 0;
  }
  if (in_begin_ > 0 && in_.capacity() - in_end_ < kInSize / 2) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  return {in_.data() + in_end_, in_.capacity() - in_end_};
}

void Stream::OnRead(size_t size) {
  Entry entry(this);
  in_end_ += size;
  Advance();
}

void Stream::OnEnd(absl::Status status) {
  Entry entry(this);
  plain_ended_ = true;
  plain_status_ = std::move(status);
  Advance();
}

void Stream::Advance() {
  if (closed_ || ended_) return;
  if (!open_ && !Handshake()) return;
  Deliver();
  if (closed_) return;
  if (in_begin_ == in_end_) {
    in_.Release();
    in_begin_ = in_end_ = 0;
  }
  if (!ended_) plain_->ResumeReading();
}

// Whether the handshake is done and somebody is there to be told.
bool Stream::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result <= 0) {
    const int code = SSL_get_error(ssl_.get(), result);
    if (code == SSL_ERROR_WANT_READ) {
      if (!Flush()) {
        End(absl::UnavailableError(write_error_.message()));
        return false;
      }
      if (in_begin_ == in_end_) {
        in_.Release();
        in_begin_ = in_end_ = 0;
      }
      return false;
    }
    EndByError(code);
    return false;
  }
  handshake_timer_.Stop();
  open_ = true;
  // A server's session tickets wait for its first write. Sent at once they acknowledge the end of the
  // handshake too: a caller with Nagle's algorithm holds its request back until then, else for the 40 ms of a
  // delayed acknowledgement.
  if (SSL_is_server(ssl_.get())) (void)SSL_write(ssl_.get(), "", 0);
  Flush();
  if (receiver_) receiver_->OnOpen();
  return !closed_;
}

void Stream::Deliver() {
  while (receiver_ && !ended_) {
    const std::span<char> space = receiver_->ReadSpace();
    if (space.empty()) break;
    ERR_clear_error();
    const int size =
        SSL_read(ssl_.get(), space.data(), static_cast<int>(std::min<size_t>(space.size(), 1 << 30)));
    if (size > 0) {
      receiver_->OnRead(static_cast<size_t>(size));
      if (closed_) return;
      continue;
    }
    const int code = SSL_get_error(ssl_.get(), size);
    receiver_->OnRead(0);
    if (closed_) return;
    if (code == SSL_ERROR_WANT_READ) break;
    EndByError(code);
    return;
  }
  // Answers to post-handshake messages.
  if (out_size_ > 0) Flush();
}

void Stream::EndByError(int code) {
  if (code == SSL_ERROR_ZERO_RETURN) {
    End(absl::OkStatus());
    return;
  }
  if (plain_ended_ && in_begin_ == in_end_ && code == SSL_ERROR_SYSCALL) {
    ERR_clear_error();
    if (!plain_status_.ok()) {
      End(plain_status_);
    } else if (!open_) {
      End(absl::OkStatus());
    } else {
      // Whether the peer had more to say is not known.
      End(absl::UnavailableError("connection closed without a TLS close_notify"));
    }
    return;
  }
  const std::string text = HandshakeErrorText(ssl_.get(), host_);
  Flush();  // the alert
  End(open_ ? absl::UnavailableError(text) : absl::UnauthenticatedError(text));
}

void Stream::End(absl::Status status) {
  if (ended_ || closed_) return;
  ended_ = true;
  handshake_timer_.Stop();
  if (receiver_) receiver_->OnEnd(std::move(status));
}

net::WriteResult Stream::Write(const iovec* pieces, int count) {
  Cursor cursor{pieces, count, 0};
  // What is on its way already keeps its order, and bounds what is encrypted ahead.
  if (!sending_) {
    if (!Encrypt(cursor)) return net::WriteResult::kFailed;
    if (cursor.count == 0 && !sending_) return net::WriteResult::kDone;
  }
  rest_.assign(cursor.piece, cursor.piece + cursor.count);
  rest_begin_ = 0;
  rest_offset_ = cursor.offset;
  write_pending_ = true;
  return net::WriteResult::kPending;
}

// Encrypts and sends until all is sent or the socket is full.
bool Stream::Encrypt(Cursor& cursor) {
  while (cursor.count > 0 || out_size_ > 0) {
    while (cursor.count > 0 && out_size_ < kMaxAhead) {
      if (!EncryptRecord(cursor)) return false;
    }
    if (!Flush()) return false;
    if (sending_) break;
  }
  return true;
}

bool Stream::EncryptRecord(Cursor& cursor) {
  while (cursor.count > 0 && cursor.piece->iov_len == cursor.offset) {
    ++cursor.piece;
    --cursor.count;
    cursor.offset = 0;
  }
  if (cursor.count == 0) return true;
  size_t total = 0;
  for (int i = 0; i < cursor.count && total < kMaxAhead; ++i) total += cursor.piece[i].iov_len;
  total = std::min(total - cursor.offset, kMaxAhead);
  if (!out_) out_ = loop_.buffers().Take(total + (total / kRecord + 1) * kRecordOverhead);

  const size_t left = cursor.piece->iov_len - cursor.offset;
  const char* data = static_cast<const char*>(cursor.piece->iov_base) + cursor.offset;
  size_t size = std::min(left, kRecord);
  async::Buffer gathered;
  if (left < kRecord && cursor.count > 1) {
    // Small pieces share a record.
    gathered = loop_.buffers().Take(std::min(total, kRecord));
    size = 0;
    while (cursor.count > 0 && size < kRecord) {
      const size_t part = std::min(cursor.piece->iov_len - cursor.offset, kRecord - size);
      std::memcpy(gathered.data() + size, static_cast<const char*>(cursor.piece->iov_base) + cursor.offset,
                  part);
      size += part;
      cursor.offset += part;
      if (cursor.offset == cursor.piece->iov_len) {
        ++cursor.piece;
        --cursor.count;
        cursor.offset = 0;
      }
    }
    data = gathered.data();
  } else {
    cursor.offset += size;
    if (cursor.offset == cursor.piece->iov_len) {
      ++cursor.piece;
      --cursor.count;
      cursor.offset = 0;
    }
  }
  ERR_clear_error();
  const bool written = SSL_write(ssl_.get(), data, static_cast<int>(size)) == static_cast<int>(size);
  // The head of a client's request holds its credential.
  if (gathered && !SSL_is_server(ssl_.get())) OPENSSL_cleanse(gathered.data(), size);
  if (written) return true;
  write_error_ = absl::UnavailableError(TakeErrorText());
  return false;
}

bool Stream::Flush() {
  if (sending_ || out_size_ == 0) return true;
  const iovec piece{out_.data(), out_size_};
  const net::WriteResult result = plain_->Write(&piece, 1);
  out_size_ = 0;
  switch (result) {
    case net::WriteResult::kDone:
      out_.Release();
      return true;
    case net::WriteResult::kPending:
      sending_ = std::move(out_);
      return true;
    case net::WriteResult::kFailed:
      out_.Release();
      write_error_ = plain_->write_error();
      return false;
  }
  return false;
}

void Stream::OnWritten(absl::Status status) {
  Entry entry(this);
  sending_.Release();
  bool good = status.ok();
  if (!good) write_error_ = std::move(status);
  if (good && write_pending_) {
    Cursor cursor{rest_.data() + rest_begin_, static_cast<int>(rest_.size() - rest_begin_), rest_offset_};
    good = Encrypt(cursor);
    rest_begin_ = rest_.size() - static_cast<size_t>(cursor.count);
    rest_offset_ = cursor.offset;
    if (good && (cursor.count > 0 || sending_)) return;
  } else if (good) {
    good = Flush();
  }
  if (!sending_ && shutdown_wanted_) plain_->ShutdownWrite();
  if (!std::exchange(write_pending_, false)) return;
  rest_.clear();
  ReleaseOwned();
  if (receiver_) receiver_->OnWritten(write_error_);
}

void Stream::CancelWrite() {
  // Only the encrypted copy is still on its way.
  write_pending_ = false;
  rest_.clear();
  ReleaseOwned();
}

void Stream::OwnPendingWrite() {
  if (!write_pending_ || owned_) return;
  size_t size = 0;
  for (size_t i = rest_begin_; i < rest_.size(); ++i) size += rest_[i].iov_len;
  if (size == 0) return;
  size -= rest_offset_;
  owned_ = loop_.buffers().Take(size);
  size_t copied = 0;
  for (size_t i = rest_begin_; i < rest_.size(); ++i) {
    const size_t part = rest_[i].iov_len - rest_offset_;
    std::memcpy(owned_.data() + copied, static_cast<const char*>(rest_[i].iov_base) + rest_offset_, part);
    copied += part;
    rest_offset_ = 0;
  }
  owned_size_ = copied;
  rest_.assign(1, iovec{owned_.data(), copied});
  rest_begin_ = 0;
}

void Stream::ReleaseOwned() {
  if (owned_) OPENSSL_cleanse(owned_.data(), owned_size_);
  owned_.Release();
}

void Stream::ShutdownWrite() {
  ERR_clear_error();
  if (open_) (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
  Flush();
  if (sending_) {
    shutdown_wanted_ = true;
  } else {
    plain_->ShutdownWrite();
  }
}

void Stream::ResetOnClose() {
  reset_on_close_ = true;
  plain_->ResetOnClose();
}

std::string_view Stream::protocol() const {
  const uint8_t* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

void Stream::Close() {
  if (closed_) return;
  closed_ = true;
  receiver_ = nullptr;
  advance_.Cancel();
  handshake_timer_.Stop();
  // Without it the peer could not tell an end from a cut (RFC 8446 §6.1).
  if (open_ && !ended_ && !reset_on_close_ && !sending_) {
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
    ERR_clear_error();
    Flush();
  }
  plain_.reset();
  if (depth_ == 0) delete this;
}

}  // namespace aisix::tls
