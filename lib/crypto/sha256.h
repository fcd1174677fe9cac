// SHA-256 and the value type of its digests.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace aisix::crypto {

// One digest. Compares like its bytes; hashable by std::hash and by absl.
struct Sha256 {
  static constexpr size_t kSize = 32;
  std::array<uint8_t, kSize> bytes{};

  // The digest of `data`. Allocates nothing.
  static Sha256 Of(std::string_view data);
  // From 64 lower-case hexadecimal digits; anything else is nullopt (spec 03 §4: an upper-case hash never
  // matches).
  static std::optional<Sha256> FromHex(std::string_view hex);
  // 64 lower-case hexadecimal digits.
  std::string ToHex() const;

  friend bool operator==(const Sha256&, const Sha256&) = default;
  friend std::strong_ordering operator<=>(const Sha256&, const Sha256&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const Sha256& digest) {
    return H::combine(std::move(state), digest.bytes);
  }
};

// A digest over a text that arrives in parts. Not copyable. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Update(std::string_view data);
  // Ends the stream; Update must not be called after it.
  Sha256 Finish();

 private:
  // Room for BoringSSL's SHA256_CTX, so that users of this header include no BoringSSL.
  alignas(8) unsigned char context_[128];
};

}  // namespace aisix::crypto

template <>
struct std::hash<aisix::crypto::Sha256> {
  size_t operator()(const aisix::crypto::Sha256& digest) const noexcept {
    size_t value;
    std::memcpy(&value, digest.bytes.data(), sizeof(value));
    return value;
  }
};
