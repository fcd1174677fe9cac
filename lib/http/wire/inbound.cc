#include "lib/http/wire/inbound.h"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace aisix::http {
namespace {

bool HoldsCredential(std::string_view name) {
  switch (name.size()) {
    case 6:
      return EqualsIgnoreCase(name, "cookie");
    case 7:
      return EqualsIgnoreCase(name, "api-key");
    case 9:
      return EqualsIgnoreCase(name, "x-api-key");
    case 13:
      return EqualsIgnoreCase(name, "authorization");
    case 14:
      return EqualsIgnoreCase(name, "x-goog-api-key");
    case 19:
      return EqualsIgnoreCase(name, "proxy-authorization");
    default:
      return false;
  }
}

void Wipe(const char* data, size_t size) {
  if (size > 0) ::explicit_bzero(const_cast<char*>(data), size);
}

}  // namespace

Inbound::~Inbound() {
  WipeCredentials();
  if (next_buffer_) Wipe(next_buffer_.data(), next_size_);
}

void Inbound::WipeCredentials() {
  if (type_ != HeadParser::Type::kRequest || wiped_ || !head_buffer_) return;
  wiped_ = true;
  if (!head_ready()) {
    // What was not understood is wiped whole.
    Wipe(head_buffer_.data(), head_size_);
    return;
  }
  for (const Header& header : parser_.request().headers) {
    if (HoldsCredential(header.name)) Wipe(header.value.data(), header.value.size());
  }
}

std::span<char> Inbound::ReadSpace() {
  switch (phase_) {
    case Phase::kHead: {
      if (!head_buffer_) {
        const bool request = type_ == HeadParser::Type::kRequest;
        head_buffer_ = loop_.buffers().Take(request ? kFirstSize : kFirstResponseSize);
      }
      size_t capacity = head_buffer_.capacity() - kSlack;
      if (head_size_ == capacity) {
        async::Buffer larger = loop_.buffers().Take(head_buffer_.capacity() * 2);
        std::memcpy(larger.data(), head_buffer_.data(), head_size_);
        Wipe(head_buffer_.data(), head_size_);
        parser_.Rebase(larger.data() - head_buffer_.data());
        head_buffer_ = std::move(larger);
        capacity = head_buffer_.capacity() - kSlack;
      }
      return {head_buffer_.data() + head_size_, capacity - head_size_};
    }
    case Phase::kBody: {
      if (!MakeBodySpace()) return {};
      size_t space = body_capacity_ - body_size_;
      // Bytes of the next message must not land behind a body that is handed out in place.
      if (framing_ == Framing::kLength) space = static_cast<size_t>(std::min<uint64_t>(space, remaining_));
      last_space_ = space;
      return {body_ + body_size_, space};
    }
    case Phase::kComplete:
      if (!next_buffer_) next_buffer_ = loop_.buffers().Take(kFirstSize);
      if (discarding_) {
        Wipe(next_buffer_.data(), next_size_);
        next_size_ = 0;
      }
      return {next_buffer_.data() + next_size_, next_buffer_.capacity() - kSlack - next_size_};
    case Phase::kFailed:
      // Nothing is understood any more: whatever comes is dropped.
      discarding_ = true;
      if (!next_buffer_) next_buffer_ = loop_.buffers().Take(kFirstSize);
      return {next_buffer_.data(), next_buffer_.capacity()};
  }
  return {};
}

void Inbound::OnRead(size_t size) {
  switch (phase_) {
    case Phase::kHead:
      head_size_ += size;
      if (size > 0) ParseHead();
      break;
    case Phase::kBody:
      large_reads_ = size == last_space_ && size >= kFirstSize / 2;
      if (size > 0) Decode(body_ + body_size_, size);
      break;
    case Phase::kComplete:
      if (discarding_) {
        received_ += size;
        Wipe(next_buffer_.data(), size);
      } else {
        next_size_ += size;
      }
      break;
    case Phase::kFailed:
      received_ += size;
      if (next_buffer_) Wipe(next_buffer_.data(), size);
      break;
  }
  GiveUpEmptyBuffers();
}

void Inbound::GiveUpEmptyBuffers() {
  if (next_size_ == 0) next_buffer_.Release();
  if (phase_ == Phase::kHead && head_size_ == 0) head_buffer_.Release();
  if (body_size_ != 0) return;
  if (body_buffer_) {
    body_buffer_.Release();
    body_ = nullptr;
    body_capacity_ = 0;
  }
  if (head_released_) {
    head_buffer_.Release();
    if (!body_buffer_) {
      body_ = nullptr;
      body_capacity_ = 0;
    }
  }
}

bool Inbound::OnEndOfFile() {
  if (phase_ == Phase::kBody && framing_ == Framing::kUntilEnd) {
    Complete();
    return true;
  }
  return phase_ == Phase::kComplete || !started();
}

std::optional<uint64_t> Inbound::body_remaining() const {
  if (phase_ == Phase::kComplete) return 0;
  if (phase_ == Phase::kBody && framing_ == Framing::kLength) return remaining_;
  return std::nullopt;
}

void Inbound::ParseHead() {
  switch (parser_.Parse(head_buffer_.data(), head_size_)) {
    case HeadParser::Result::kMore:
      break;
    case HeadParser::Result::kFailed:
      Fail();
      break;
    case HeadParser::Result::kDone:
      BeginBody();
      break;
  }
}

void Inbound::BeginBody() {
  const bool chunked =
      type_ == HeadParser::Type::kRequest ? parser_.request().chunked : parser_.response().chunked;
  const std::optional<uint64_t> length = type_ == HeadParser::Type::kRequest
                                             ? parser_.request().content_length
                                             : parser_.response().content_length;
  const int status = parser_.response().status;
  if (type_ == HeadParser::Type::kResponse && (no_body_ || status < 200 || status == 204 || status == 304)) {
    framing_ = Framing::kNone;
  } else if (chunked) {
    framing_ = Framing::kChunked;
    chunks_.Reset();
  } else if (length) {
    framing_ = *length > 0 ? Framing::kLength : Framing::kNone;
    remaining_ = *length;
  } else {
    framing_ = type_ == HeadParser::Type::kRequest ? Framing::kNone : Framing::kUntilEnd;
  }
  phase_ = Phase::kBody;
  const size_t head = parser_.head_size();
  body_ = head_buffer_.data() + head;
  body_capacity_ = head_buffer_.capacity() - kSlack - head;
  body_size_ = unread_ = 0;
  const size_t rest = head_size_ - head;
  if (framing_ == Framing::kNone) {
    KeepNext(body_, rest);
    Complete();
  } else if (rest > 0) {
    Decode(body_, rest);
  }
}

// `data` lies where the next body bytes belong.
void Inbound::Decode(char* data, size_t size) {
  switch (framing_) {
    case Framing::kNone:
      break;
    case Framing::kUntilEnd:
      Append(size);
      break;
    case Framing::kLength: {
      const size_t part = static_cast<size_t>(std::min<uint64_t>(size, remaining_));
      remaining_ -= part;
      KeepNext(data + part, size - part);
      Append(part);
      if (remaining_ == 0) Complete();
      break;
    }
    case Framing::kChunked: {
      size_t produced = 0;
      size_t consumed = 0;
      const ChunkDecoder::Result result = chunks_.Decode(data, size, &produced, &consumed);
      if (result == ChunkDecoder::Result::kDone) KeepNext(data + consumed, size - consumed);
      Append(produced);
      if (result == ChunkDecoder::Result::kDone) Complete();
      if (result == ChunkDecoder::Result::kFailed) Fail();
      break;
    }
  }
}

void Inbound::Append(size_t size) {
  received_ += size;
  if (!discarding_) body_size_ += size;
}

void Inbound::Complete() {
  phase_ = Phase::kComplete;
}

void Inbound::KeepNext(const char* data, size_t size) {
  if (size == 0) return;
  if (!next_buffer_) next_buffer_ = loop_.buffers().Take(std::max(kFirstSize, size + 2 * kSlack));
  std::memcpy(next_buffer_.data(), data, size);
  Wipe(data, size);
  next_size_ = size;
}

// Whether there is room behind body_size_. The bytes that were handed out last are never moved or
// overwritten.
bool Inbound::MakeBodySpace() {
  if (discarding_) {
    if (body_capacity_ < kFirstSize / 2) UseBodyBuffer(kFirstSize, body_size_);
    return true;
  }
  if (!body_) UseBodyBuffer(large_reads_ ? kLargeSize : kFirstSize, body_size_);
  if (!collecting_) return body_size_ < body_capacity_;
  if (body_size_ == body_capacity_) {
    size_t wanted = std::max(body_capacity_ * 2, kLargeSize);
    if (framing_ == Framing::kLength) {
      wanted = static_cast<size_t>(std::min<uint64_t>(wanted, body_size_ + remaining_));
    }
    UseBodyBuffer(wanted, 0);
  }
  return true;
}

// Moves to a buffer for `capacity` bytes and the slack; keeps the body's bytes from `keep_from` on.
void Inbound::UseBodyBuffer(size_t capacity, size_t keep_from) {
  if (body_buffer_ && keep_from == 0) {
    body_buffer_.Grow(capacity + kSlack, body_size_);
  } else {
    // Buffers of the pool are powers of two: the slack is taken from them, not added.
    async::Buffer buffer =
        loop_.buffers().Take(capacity + kSlack > 2 * kLargeSize ? capacity + kSlack : capacity);
    if (body_size_ > keep_from) std::memcpy(buffer.data(), body_ + keep_from, body_size_ - keep_from);
    body_buffer_ = std::move(buffer);
    body_size_ -= keep_from;
    unread_ -= std::min(unread_, keep_from);
  }
  body_ = body_buffer_.data();
  body_capacity_ = body_buffer_.capacity() - kSlack;
}

std::string_view Inbound::TakeReadable() {
  if (unread_ == body_size_) {
    // What was handed out last is given up: its memory takes the next bytes.
    body_size_ = unread_ = 0;
    const size_t wanted = large_reads_ ? kLargeSize / 2 : kFirstSize / 2;
    if (body_buffer_ || head_released_ || body_capacity_ < wanted) {
      // The next bytes get a buffer when they come.
      body_buffer_.Release();
      if (head_released_) head_buffer_.Release();
      body_ = nullptr;
      body_capacity_ = 0;
    }
    return {};
  }
  const std::string_view readable(body_ + unread_, body_size_ - unread_);
  unread_ = body_size_;
  return readable;
}

void Inbound::Collect(uint64_t limit) {
  collecting_ = true;
  limit_ = limit;
  if (phase_ != Phase::kBody || framing_ != Framing::kLength) return;
  const uint64_t total = body_size_ - unread_ + remaining_;
  if (limit > 0 && total > limit) return;
  if (body_ && body_size_ + remaining_ <= body_capacity_) return;
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(total, kTrustedLength)) + kSlack;
  async::Buffer buffer = loop_.buffers().Take(wanted);
  if (body_size_ > unread_) std::memcpy(buffer.data(), body_ + unread_, body_size_ - unread_);
  body_buffer_ = std::move(buffer);
  body_size_ -= unread_;
  unread_ = 0;
  body_ = body_buffer_.data();
  body_capacity_ = body_buffer_.capacity() - kSlack;
}

std::span<char> Inbound::Whole() {
  if (!body_) UseBodyBuffer(1024, 0);
  body_[body_size_] = '\0';
  return {body_ + unread_, body_size_ - unread_};
}

void Inbound::Discard() {
  discarding_ = true;
  collecting_ = false;
  body_size_ = unread_ = 0;
}

void Inbound::ReleaseBody() {
  if (phase_ == Phase::kBody) {
    Discard();
    return;
  }
  body_size_ = unread_ = 0;
  collecting_ = false;
  GiveUpEmptyBuffers();
}

void Inbound::ReleaseHead() {
  if (head_released_ || !head_ready()) return;
  WipeCredentials();
  head_released_ = true;
  parser_.DropViews();
  GiveUpEmptyBuffers();
}

void Inbound::NextMessage(bool no_body) {
  WipeCredentials();
  head_buffer_ = std::move(next_buffer_);
  head_size_ = std::exchange(next_size_, 0);
  body_buffer_.Release();
  body_ = nullptr;
  body_capacity_ = body_size_ = unread_ = 0;
  received_ = remaining_ = limit_ = 0;
  no_body_ = no_body;
  collecting_ = discarding_ = large_reads_ = head_released_ = wiped_ = false;
  framing_ = Framing::kNone;
  phase_ = Phase::kHead;
  parser_.Reset();
  if (head_size_ > 0) ParseHead();
}

}  // namespace aisix::http
