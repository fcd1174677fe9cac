#include "lib/crypto/secret.h"

#include <openssl/mem.h>

namespace aisix::crypto {

void Wipe(std::string& text) {
  text.resize(text.capacity());  // the slack may hold the end of an older, longer value
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

bool EqualConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace aisix::crypto
