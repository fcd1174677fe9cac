#include "lib/http/wire/chunk_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace aisix::http {
namespace {

// -1: no hexadecimal digit.
constexpr std::array<int8_t, 256> kHexValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int8_t i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = i;
  for (int8_t i = 10; i < 16; ++i) {
    values[static_cast<size_t>('a' + i - 10)] = values[static_cast<size_t>('A' + i - 10)] = i;
  }
  return values;
}();

int HexValue(char c) {
  return kHexValues[static_cast<unsigned char>(c)];
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
    // What nearly every chunk is made of, when it is not cut: CR LF behind the data, and a size line without
    // an extension.
    if (state_ == State::kDataReturn && size - in >= 2 && data[in] == '\r' && data[in + 1] == '\n') {
      state_ = State::kSizeStart;
      in += 2;
      continue;
    }
    if (state_ == State::kSizeStart) {
      size_t at = in;
      uint64_t value = 0;
      for (int digit = 0; at - in < 8 && at < size && (digit = HexValue(data[at])) >= 0; ++at) {
        value = value << 4 | static_cast<uint64_t>(digit);
      }
      if (at > in && size - at >= 2 && data[at] == '\r' && data[at + 1] == '\n') {
        remaining_ = value;
        state_ = value == 0 ? State::kTrailerStart : State::kData;
        in = at + 2;
        continue;
      }
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
