#include "lib/crypto/sha256.h"

#include <openssl/sha.h>

#include <new>

#include "lib/crypto/hex.h"

namespace aisix::crypto {

static_assert(sizeof(SHA256_CTX) <= 128 && alignof(SHA256_CTX) <= 8);

Sha256 Sha256::Of(std::string_view data) {
  Sha256 digest;
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(), digest.bytes.data());
  return digest;
}

std::optional<Sha256> Sha256::FromHex(std::string_view hex) {
  Sha256 digest;
  if (!HexToBytes(hex, digest.bytes.data(), digest.bytes.size())) return std::nullopt;
  return digest;
}

std::string Sha256::ToHex() const {
  return BytesToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Sha256Stream::Sha256Stream() {
  SHA256_Init(new (context_) SHA256_CTX);
}

void Sha256Stream::Update(std::string_view data) {
  SHA256_Update(std::launder(reinterpret_cast<SHA256_CTX*>(context_)), data.data(), data.size());
}

Sha256 Sha256Stream::Finish() {
  Sha256 digest;
  SHA256_Final(digest.bytes.data(), std::launder(reinterpret_cast<SHA256_CTX*>(context_)));
  return digest;
}

}  // namespace aisix::crypto
