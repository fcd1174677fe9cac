#include "lib/http/wire/chunk_decoder.h"

#include <algorithm>
#include <cstring>

namespace aisix::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What may stand in an extension or a trailer line.
bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 ? byte != 0x7f : c == '\t';
}

}  // namespace

ChunkDecoder::Result ChunkDecoder::Decode(char* data, size_t size, size_t* produced, size_t* consumed) {
  size_t in = 0;
  size_t out = 0;
  const auto fail = [&] {
    *produced = out;
    *consumed = in;
    return Result::kFailed;
  };
  while (in < size) {
    if (state_ == State::kData) {
      const size_t part = static_cast<size_t>(std::min<uint64_t>(remaining_, size - in));
      if (in != out) std::memmove(data + out, data + in, part);
      in += part;
      out += part;
      remaining_ -= part;
      if (remaining_ == 0) state_ = State::kDataReturn;
      continue;
    }
    const char c = data[in++];
    switch (state_) {
      case State::kSizeStart:
      case State::kSize: {
        if (const int value = HexValue(c); value >= 0) {
          if (++digits_ > 15) return fail();
          remaining_ = remaining_ << 4 | static_cast<uint64_t>(value);
          state_ = State::kSize;
          break;
        }
        if (state_ == State::kSizeStart) return fail();
        if (c == '\r') {
          state_ = State::kSizeLineFeed;
        } else if (c == ';') {
          state_ = State::kExtension;
        } else if (c == ' ' || c == '\t') {
          state_ = State::kSizeBlank;
        } else {
          return fail();
        }
        break;
      }
      case State::kSizeBlank:
        if (c == '\r') {
          state_ = State::kSizeLineFeed;
        } else if (c == ';') {
          state_ = State::kExtension;
        } else if ((c != ' ' && c != '\t') || ++discarded_ > kMaxDiscarded) {
          return fail();
        }
        break;
      case State::kExtension:
        if (c == '\r') {
          state_ = State::kSizeLineFeed;
        } else if (!IsText(c) || ++discarded_ > kMaxDiscarded) {
          return fail();
        }
        break;
      case State::kSizeLineFeed:
        if (c != '\n') return fail();
        state_ = remaining_ == 0 ? State::kTrailerStart : State::kData;
        digits_ = 0;
        break;
      case State::kDataReturn:
        if (c != '\r') return fail();
        state_ = State::kDataLineFeed;
        break;
      case State::kDataLineFeed:
        if (c != '\n') return fail();
        state_ = State::kSizeStart;
        break;
      case State::kTrailerStart:
        if (c == '\r') {
          state_ = State::kEndLineFeed;
        } else if (c == ' ' || c == '\t' || c == ':' || !IsText(c) || ++discarded_ > kMaxDiscarded) {
          return fail();
        } else {
          state_ = State::kTrailer;
        }
        break;
      case State::kTrailer:
        if (c == '\r') {
          state_ = State::kTrailerLineFeed;
        } else if (!IsText(c) || ++discarded_ > kMaxDiscarded) {
          return fail();
        }
        break;
      case State::kTrailerLineFeed:
        if (c != '\n') return fail();
        state_ = State::kTrailerStart;
        break;
      case State::kEndLineFeed:
        if (c != '\n') return fail();
        *produced = out;
        *consumed = in;
        return Result::kDone;
      case State::kData:
        break;
    }
  }
  *produced = out;
  *consumed = in;
  return Result::kMore;
}

}  // namespace aisix::http
