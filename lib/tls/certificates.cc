#include "lib/tls/certificates.h"

#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/os/wipe_stack.h"
#include "lib/tls/error_text.h"

namespace aisix::tls {
namespace {

bssl::UniquePtr<BIO> BioOf(std::string_view text) {
  return bssl::UniquePtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Whether reading stopped because nothing more is there.
bool AtEnd() {
  const uint32_t error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

absl::Status AddAll(X509_STORE* store, std::string_view pem, size_t* size) {
  auto certificates = ParseCertificates(pem);
  if (!certificates.ok()) return certificates.status();
  for (const auto& certificate : *certificates) {
    // One that is there already is no error in this library's X509_STORE_add_cert.
    if (X509_STORE_add_cert(store, certificate.get()) != 1)
      return absl::InvalidArgumentError(TakeErrorText());
    ++*size;
  }
  return absl::OkStatus();
}

bssl::UniquePtr<CRYPTO_BUFFER> EncodingOf(X509* certificate) {
  uint8_t* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return nullptr;
  bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(bytes, static_cast<size_t>(size), nullptr));
  OPENSSL_free(bytes);
  return buffer;
}

}  // namespace

absl::StatusOr<std::vector<bssl::UniquePtr<X509>>> ParseCertificates(std::string_view pem) {
  std::vector<bssl::UniquePtr<X509>> certificates;
  bssl::UniquePtr<BIO> bio = BioOf(pem);
  ERR_clear_error();
  while (true) {
    bssl::UniquePtr<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    certificates.push_back(std::move(certificate));
  }
  if (!AtEnd()) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate ", certificates.size() + 1, ": ", TakeErrorText()));
  }
  ERR_clear_error();
  if (certificates.empty()) return absl::InvalidArgumentError("no certificate found");
  return certificates;
}

absl::StatusOr<bssl::UniquePtr<EVP_PKEY>> ParsePrivateKey(std::string_view pem) {
  bssl::UniquePtr<BIO> bio = BioOf(pem);
  ERR_clear_error();
  // An encrypted key would otherwise ask the terminal for its password.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key) return key;
  if (AtEnd()) {
    ERR_clear_error();
    return absl::InvalidArgumentError("no private key found");
  }
  return absl::InvalidArgumentError(TakeErrorText());
}

absl::StatusOr<Identity> ReadIdentity(std::string_view chain_pem, std::string_view key_pem) {
  auto chain = ParseCertificates(chain_pem);
  if (!chain.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("certificate chain: ", chain.status().message()));
  }
  auto key = ParsePrivateKey(key_pem);
  if (!key.ok()) return absl::InvalidArgumentError(absl::StrCat("private key: ", key.status().message()));
  // A context that is thrown away says whether they can be used.
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (!context || SSL_CTX_use_certificate(context.get(), chain->front().get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("certificate chain: ", TakeErrorText()));
  }
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("private key does not belong to the certificate");
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key->get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("private key: ", TakeErrorText()));
  }
  Identity identity;
  for (const bssl::UniquePtr<X509>& certificate : *chain) {
    bssl::UniquePtr<CRYPTO_BUFFER> encoded = EncodingOf(certificate.get());
    if (!encoded) return absl::InvalidArgumentError(absl::StrCat("certificate chain: ", TakeErrorText()));
    identity.chain.push_back(std::move(encoded));
  }
  identity.key = *std::move(key);
  os::WipeStack();
  return identity;
}

void Identity::LendTo(SSL* ssl) const {
  std::vector<CRYPTO_BUFFER*> certificates;
  certificates.reserve(chain.size());
  for (const bssl::UniquePtr<CRYPTO_BUFFER>& certificate : chain) certificates.push_back(certificate.get());
  // Fails for want of memory only; the handshake does then, too.
  (void)SSL_set_chain_and_key(ssl, certificates.data(), certificates.size(), key.get(), nullptr);
}

absl::StatusOr<std::string> EncodeProtocols(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255)
      return absl::InvalidArgumentError("bad ALPN protocol name");
    wire.push_back(static_cast<char>(protocol.size()));
    wire += protocol;
  }
  return wire;
}

absl::StatusOr<std::shared_ptr<const RootStore>> ParseRoots(const std::vector<std::string_view>& pem_texts) {
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  size_t size = 0;
  for (std::string_view text : pem_texts) {
    if (text.empty()) continue;
    if (absl::Status added = AddAll(store.get(), text, &size); !added.ok()) return added;
  }
  return std::make_shared<const ParsedRoots>(std::move(store), size);
}

absl::StatusOr<std::shared_ptr<const RootStore>> AddRoots(const RootStore& base, std::string_view pem_text) {
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  size_t size = 0;
  const auto* objects = X509_STORE_get0_objects(static_cast<const ParsedRoots&>(base).store());
  for (size_t i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate && X509_STORE_add_cert(store.get(), certificate) == 1) ++size;
  }
  if (absl::Status added = AddAll(store.get(), pem_text, &size); !added.ok()) return added;
  return std::make_shared<const ParsedRoots>(std::move(store), size);
}

}  // namespace aisix::tls
