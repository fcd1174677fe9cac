// TLS contexts: what a server proves, what a client believes. Made from texts, never from paths.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/net/security.h"

namespace aisix::tls {

struct ServerOptions {
  std::string certificate_chain;                      // PEM, leaf first
  std::string private_key;                            // PEM: PKCS#8, PKCS#1 or SEC1
  std::vector<std::string> protocols = {"http/1.1"};  // ALPN, best first
  uint64_t handshake_timeout_ms = 10'000;
};

// TLS 1.2 and 1.3 with session tickets; asks for no client certificate (spec 01 §7.3). Immutable and shared
// by loops: to change certificates make a new one. INVALID_ARGUMENT names the part that is wrong:
// "certificate chain: …", "private key: …", "private key does not belong to the certificate".
absl::StatusOr<std::shared_ptr<const net::ServerSecurity>> MakeServerSecurity(const ServerOptions& options);

// Root certificates, parsed once: a system bundle has 140 of them. Immutable, shared by contexts and threads.
class RootStore {
 public:
  virtual ~RootStore() = default;
  virtual size_t size() const = 0;
};
// All texts together; duplicates are dropped. A text that is not empty must hold at least one certificate:
// INVALID_ARGUMENT "no certificate found", "certificate 2: …".
absl::StatusOr<std::shared_ptr<const RootStore>> ParseRoots(const std::vector<std::string_view>& pem_texts);
// `base` and further roots.
absl::StatusOr<std::shared_ptr<const RootStore>> AddRoots(const RootStore& base, std::string_view pem_text);

struct ClientOptions {
  std::shared_ptr<const RootStore> roots;  // null: nothing is trusted
  bool verify = true;                      // false: any certificate of any name (spec 05 §9)
  std::string client_certificate_chain;    // PEM, both or none
  std::string client_private_key;
  std::vector<std::string> protocols = {"http/1.1"};
};

// TLS 1.2 and 1.3; SNI for names; the certificate must be valid for the name or address; sessions are
// resumed. There is no handshake limit of its own: the pool's connect timeout bounds it. Failures of a
// handshake read "certificate verify failed: self signed certificate", "certificate is not valid for
// api.example.com", ….
absl::StatusOr<std::shared_ptr<const net::ClientSecurity>> MakeClientSecurity(const ClientOptions& options);

}  // namespace aisix::tls
