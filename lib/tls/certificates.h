// PEM texts as BoringSSL objects.
#pragma once

#include <openssl/base.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/tls/context.h"

namespace aisix::tls {

// Every certificate of a text, in its order; other PEM blocks are skipped. INVALID_ARGUMENT "no certificate
// found" or "certificate 2: …".
absl::StatusOr<std::vector<bssl::UniquePtr<X509>>> ParseCertificates(std::string_view pem);
absl::StatusOr<bssl::UniquePtr<EVP_PKEY>> ParsePrivateKey(std::string_view pem);

// A certificate, leaf first, and its key. Each connection is lent them for its handshake: a context, which
// lives as long as any connection made with it, would keep a key that was replaced.
struct Identity {
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> chain;
  bssl::UniquePtr<EVP_PKEY> key;
  // Before the handshake; the connection lets go of them behind it (SSL_set_shed_handshake_config).
  void LendTo(SSL* ssl) const;
};
// Checks that chain and key can be used and belong together. The messages name the part.
absl::StatusOr<Identity> ReadIdentity(std::string_view chain_pem, std::string_view key_pem);
// Wire form of an ALPN list. INVALID_ARGUMENT for an empty or overlong name.
absl::StatusOr<std::string> EncodeProtocols(const std::vector<std::string>& protocols);

// The implementation behind RootStore.
class ParsedRoots : public RootStore {
 public:
  explicit ParsedRoots(bssl::UniquePtr<X509_STORE> store, size_t size)
      : store_(std::move(store)), size_(size) {}
  size_t size() const override { return size_; }
  X509_STORE* store() const { return store_.get(); }

 private:
  bssl::UniquePtr<X509_STORE> store_;
  size_t size_;
};

}  // namespace aisix::tls
