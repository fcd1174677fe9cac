// The receiving half of a connection: finds heads and bodies in what arrives, and owns the memory they lie
// in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/async/buffer_pool.h"
#include "lib/async/loop.h"
#include "lib/http/wire/chunk_decoder.h"
#include "lib/http/wire/head_parser.h"

namespace aisix::http {

// One message at a time. Bytes behind its end wait in a buffer of their own (16 KiB, then reading pauses)
// until NextMessage(). Buffers are taken when bytes arrive and are given back when they hold none; what they
// know of a caller's credentials is overwritten before, because they go back to a pool.
class Inbound {
 public:
  // Readable bytes behind a body that is handed out in one piece, the first of them '\0'.
  static constexpr size_t kSlack = 64;

  enum class Phase : uint8_t { kHead, kBody, kComplete, kFailed };

  Inbound(async::Loop& loop, HeadParser::Type type, const HeadLimits& limits)
      : loop_(loop), parser_(type, limits), type_(type) {}
  ~Inbound();
  Inbound(const Inbound&) = delete;
  Inbound& operator=(const Inbound&) = delete;

  // --- from the transport ---
  std::span<char> ReadSpace();
  void OnRead(size_t size);
  // End of file. Whether it is a proper end: between messages, or of a body that lasts until then.
  bool OnEndOfFile();

  // --- state ---
  Phase phase() const { return phase_; }
  // Also when the body that follows is malformed.
  bool head_ready() const {
    return phase_ != Phase::kHead && (phase_ != Phase::kFailed || parser_.error() == HeadError::kNone);
  }
  bool complete() const { return phase_ == Phase::kComplete; }
  bool failed() const { return phase_ == Phase::kFailed; }
  // kNone after kFailed: the head was right, the framing of the body is not.
  HeadError head_error() const { return parser_.error(); }
  const HeadParser& parser() const { return parser_; }
  // Of a head that will not be read any further.
  void KeepWhatWasRead() { parser_.KeepWhatWasRead(); }
  // Whether any byte of the message arrived.
  bool started() const { return head_size_ > 0 || phase_ != Phase::kHead; }
  // Body bytes that arrived so far, decoded.
  uint64_t body_received() const { return received_; }
  // What is known to be still to come: exact for a declared length, 0 once complete, else unknown.
  std::optional<uint64_t> body_remaining() const;
  bool has_next() const { return next_size_ > 0; }

  // For responses: the request was HEAD, so that no body follows whatever the head says.
  void SetNoBody(bool no_body) { no_body_ = no_body; }

  // --- the body ---
  // Everything unread in one piece; the last such piece is given up. Reading may have paused: resume it.
  std::string_view TakeReadable();
  bool readable() const { return unread_ < body_size_; }
  // From now on bytes stay together until the body is complete or larger than `limit` (0: none).
  void Collect(uint64_t limit);
  bool collecting() const { return collecting_; }
  bool over_limit() const { return collecting_ && limit_ > 0 && body_size_ - unread_ > limit_; }
  // Only when complete: the unread rest, followed by '\0'.
  std::span<char> Whole();
  // From now on body bytes are counted in body_received() and dropped.
  void Discard();

  // --- memory ---
  // Overwrites the values of the header lines of a request that hold credentials; the lines stay. Happens by
  // itself when the head is given up.
  void WipeCredentials();
  void ReleaseBody();
  void ReleaseHead();
  // After a complete message: forgets it and parses what came behind it; `no_body` as for SetNoBody.
  void NextMessage(bool no_body = false);

 private:
  enum class Framing : uint8_t { kNone, kLength, kChunked, kUntilEnd };

  static constexpr size_t kFirstSize = 16 * 1024;
  // A short answer arrives in one piece with its head, and should be read and passed on as one.
  static constexpr size_t kFirstResponseSize = 32 * 1024;
  static constexpr size_t kLargeSize = 64 * 1024;
  static constexpr size_t kTrustedLength = 1024 * 1024;  // reserved at once for a declared length

  void ParseHead();
  void BeginBody();
  void Decode(char* data, size_t size);
  void Append(size_t size);
  void Complete();
  void Fail() { phase_ = Phase::kFailed; }
  void KeepNext(const char* data, size_t size);
  bool MakeBodySpace();
  void UseBodyBuffer(size_t capacity, size_t keep_from);
  void GiveUpEmptyBuffers();

  async::Loop& loop_;
  HeadParser parser_;
  const HeadParser::Type type_;
  Phase phase_ = Phase::kHead;
  Framing framing_ = Framing::kNone;
  bool no_body_ = false;
  bool collecting_ = false;
  bool discarding_ = false;
  bool large_reads_ = false;
  bool head_released_ = false;
  bool wiped_ = false;  // the credentials of this head
  ChunkDecoder chunks_;
  uint64_t remaining_ = 0;  // kLength
  uint64_t received_ = 0;
  uint64_t limit_ = 0;

  async::Buffer head_buffer_;
  size_t head_size_ = 0;       // bytes in head_buffer_ while the head is incomplete
  async::Buffer body_buffer_;  // only when the body does not lie behind the head
  char* body_ = nullptr;
  size_t body_capacity_ = 0;  // without the slack
  size_t body_size_ = 0;
  size_t unread_ = 0;
  size_t last_space_ = 0;
  async::Buffer next_buffer_;
  size_t next_size_ = 0;
};

}  // namespace aisix::http
