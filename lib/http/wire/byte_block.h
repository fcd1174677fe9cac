// Questions about many bytes of a text at once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace aisix::http {

// Some consecutive bytes. Every question is answered with a mask, in which the bit of a byte is set when it
// is so; IndexOf gives the first byte of a mask that is not 0.
class WordBlock {
 public:
  static constexpr size_t kSize = 8;
  using Mask = uint64_t;

  explicit WordBlock(const char* from) {
    std::memcpy(&word_, from, kSize);
    if constexpr (std::endian::native == std::endian::big) word_ = __builtin_bswap64(word_);
  }
  Mask Outside(unsigned char first, unsigned char last) const {
    return ~(Between(word_ & ~kTops, first, last) & ~word_) & kTops;
  }
  Mask OutsideNames() const {
    const uint64_t low = word_ & ~kTops;
    const uint64_t names =
        Between(low | kOnes * 0x20, 'a', 'z') | Between(low, '0', '9') | Between(low, '-', '-');
    return ~(names & ~word_) & kTops;
  }
  static size_t IndexOf(Mask mask) { return static_cast<size_t>(std::countr_zero(mask)) / 8; }

 private:
  static constexpr uint64_t kOnes = 0x0101010101010101;
  static constexpr uint64_t kTops = 0x80 * kOnes;

  // Of bytes without their top bit.
  static constexpr uint64_t Between(uint64_t low, unsigned char first, unsigned char last) {
    return (low + kOnes * (0x80U - first)) & ~(low + kOnes * (0x7FU - last));
  }

  uint64_t word_;
};

#ifdef __SSE2__
// The same for more of them.
class SseBlock {
 public:
  static constexpr size_t kSize = 16;
  using Mask = uint32_t;

  explicit SseBlock(const char* from) : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))) {}

  // From `first` to `last`.
  Mask Outside(unsigned char first, unsigned char last) const {
    const __m128i inside = _mm_and_si128(_mm_cmpeq_epi8(_mm_max_epu8(bytes_, All(first)), bytes_),
                                         _mm_cmpeq_epi8(_mm_min_epu8(bytes_, All(last)), bytes_));
    return MaskOf(inside) ^ 0xFFFF;
  }
  // What is no ASCII letter, digit or hyphen.
  Mask OutsideNames() const {
    const __m128i lower = _mm_or_si128(bytes_, All(0x20));
    const __m128i letters = _mm_and_si128(_mm_cmpeq_epi8(_mm_max_epu8(lower, All('a')), lower),
                                          _mm_cmpeq_epi8(_mm_min_epu8(lower, All('z')), lower));
    const __m128i digits = _mm_and_si128(_mm_cmpeq_epi8(_mm_max_epu8(bytes_, All('0')), bytes_),
                                         _mm_cmpeq_epi8(_mm_min_epu8(bytes_, All('9')), bytes_));
    return MaskOf(_mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(bytes_, All('-')))) ^ 0xFFFF;
  }
  static size_t IndexOf(Mask mask) { return static_cast<size_t>(std::countr_zero(mask)); }

 private:
  static __m128i All(unsigned char byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
  static Mask MaskOf(__m128i bytes) { return static_cast<Mask>(_mm_movemask_epi8(bytes)); }

  __m128i bytes_;
};
using ByteBlock = SseBlock;
#else
using ByteBlock = WordBlock;
#endif

}  // namespace aisix::http
