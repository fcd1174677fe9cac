// Certificates made at run time: no key lies in the tree, and none expires.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>

namespace aisix::tls {

struct TestIdentity {
  bssl::UniquePtr<EVP_PKEY> key;
  bssl::UniquePtr<X509> certificate;
  std::string key_pem;
  std::string certificate_pem;
};

inline std::string BioText(BIO* bio) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio, &data, &size);
  return std::string(reinterpret_cast<const char*>(data), size);
}

inline void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  X509_add_ext(certificate, extension.get(), -1);
}

// Signed by `issuer` or, without one, by itself as an authority. `names` like "DNS:localhost,IP:127.0.0.1".
inline TestIdentity MakeIdentity(const std::string& common_name, const std::string& names,
                                 const TestIdentity* issuer, long valid_from_s = -3600,
                                 long valid_to_s = 3600) {
  TestIdentity made;
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(ec.get());
  made.key.reset(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(made.key.get(), ec.get());
  made.certificate.reset(X509_new());
  X509* x = made.certificate.get();
  X509_set_version(x, 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(x), valid_to_s);
  X509_set_pubkey(x, made.key.get());
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const uint8_t*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  X509* signer = issuer ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  if (!issuer) AddExtension(x, x, NID_basic_constraints, "critical,CA:TRUE");
  if (!names.empty()) AddExtension(x, signer, NID_subject_alt_name, names);
  X509_sign(x, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), x);
  made.certificate_pem = BioText(bio.get());
  bio.reset(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), made.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  made.key_pem = BioText(bio.get());
  return made;
}

// The key in its older form ("BEGIN EC PRIVATE KEY").
inline std::string Sec1Pem(const TestIdentity& identity) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_ECPrivateKey(bio.get(), EVP_PKEY_get0_EC_KEY(identity.key.get()), nullptr, nullptr, 0,
                             nullptr, nullptr);
  return BioText(bio.get());
}

}  // namespace aisix::tls
