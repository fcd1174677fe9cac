#include "lib/crypto/uuid.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "lib/crypto/hex.h"

namespace aisix::crypto {
namespace {

void MarkVersion(UuidBytes& bytes, uint8_t version) {
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
}

void FormatInto(const UuidBytes& bytes, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kDigits[bytes[i] >> 4];
    *out++ = kDigits[bytes[i] & 15];
  }
}

}  // namespace

void UuidV4Into(char* out) {
  UuidBytes bytes;
  RAND_bytes(bytes.data(), bytes.size());  // BoringSSL aborts instead of failing
  MarkVersion(bytes, 4);
  FormatInto(bytes, out);
}

std::string UuidV4() {
  std::string text(36, '\0');
  UuidV4Into(text.data());
  return text;
}

std::string UuidV5(const UuidBytes& space, std::string_view name) {
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, space.data(), space.size());
  SHA1_Update(&context, name.data(), name.size());
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1_Final(digest.data(), &context);
  UuidBytes bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  MarkVersion(bytes, 5);
  return FormatUuid(bytes);
}

std::string FormatUuid(const UuidBytes& bytes) {
  std::string text(36, '\0');
  FormatInto(bytes, text.data());
  return text;
}

std::optional<UuidBytes> ParseUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen != (text[i] == '-')) return std::nullopt;
    if (hyphen) continue;
    const char c = text[i];
    hex.push_back(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  UuidBytes bytes;
  if (!HexToBytes(hex, bytes.data(), bytes.size())) return std::nullopt;
  return bytes;
}

}  // namespace aisix::crypto
