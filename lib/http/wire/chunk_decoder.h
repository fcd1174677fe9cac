// The chunked transfer coding (RFC 9112 §7.1), decoded where the bytes lie.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aisix::http {

// Strict: CRLF only, at most 16 hexadecimal digits, extensions and trailers bounded and discarded.
class ChunkDecoder {
 public:
  enum class Result : uint8_t { kMore, kDone, kFailed };

  void Reset() { *this = ChunkDecoder(); }
  // Replaces data[0, size) by the body bytes in it: `*produced` bytes from data[0] on. kMore: all input was
  // used. kDone: the body ended after `*consumed` bytes of input.
  Result Decode(char* data, size_t size, size_t* produced, size_t* consumed);

 private:
  enum class State : uint8_t {
    kSizeStart,
    kSize,
    kSizeBlank,
    kExtension,
    kSizeLineFeed,
    kData,
    kDataReturn,
    kDataLineFeed,
    kTrailerStart,
    kTrailer,
    kTrailerLineFeed,
    kEndLineFeed,
  };
  // Of extensions and trailers of one message together.
  static constexpr uint32_t kMaxDiscarded = 16 * 1024;

  State state_ = State::kSizeStart;
  uint8_t digits_ = 0;
  uint32_t discarded_ = 0;
  uint64_t remaining_ = 0;
};

}  // namespace aisix::http
