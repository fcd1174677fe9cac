#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "lib/tls/certificates.h"
#include "lib/tls/context.h"
#include "lib/tls/error_text.h"
#include "lib/tls/stream.h"

namespace aisix::tls {
namespace {

// The wire form of the protocols that a context accepts: its own, because handshakes may outlive who made it.
int ProtocolsIndex() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::string*>(pointer);
      });
  return index;
}

class ServerContext final : public net::ServerSecurity {
 public:
  ServerContext(bssl::UniquePtr<SSL_CTX> context, Identity identity, std::string protocols,
                uint64_t handshake_timeout_ms)
      : context_(std::move(context)),
        identity_(std::move(identity)),
        handshake_timeout_ms_(handshake_timeout_ms) {
    auto owned = std::make_unique<std::string>(std::move(protocols));
    SSL_CTX_set_alpn_select_cb(context_.get(), SelectProtocol, owned.get());
    SSL_CTX_set_ex_data(context_.get(), ProtocolsIndex(), owned.release());
  }

  net::TransportPtr Accept(async::Loop& loop, net::TransportPtr plain) const override {
    bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
    SSL_set_accept_state(ssl.get());
    identity_.LendTo(ssl.get());
    return net::TransportPtr(
        new Stream(loop, std::move(plain), std::move(ssl), std::string(), handshake_timeout_ms_));
  }

 private:
  static int SelectProtocol(SSL*, const uint8_t** selected, uint8_t* selected_size, const uint8_t* offered,
                            unsigned offered_size, void* argument) {
    const std::string& ours = *static_cast<const std::string*>(argument);
    uint8_t* out = nullptr;
    const int result =
        SSL_select_next_proto(&out, selected_size, reinterpret_cast<const uint8_t*>(ours.data()),
                              static_cast<unsigned>(ours.size()), offered, offered_size);
    *selected = out;
    // A caller that names none of ours may still speak HTTP/1.1.
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  }

  bssl::UniquePtr<SSL_CTX> context_;
  const Identity identity_;
  const uint64_t handshake_timeout_ms_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const net::ServerSecurity>> MakeServerSecurity(const ServerOptions& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (!context) return absl::InternalError(TakeErrorText());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Tickets only: no state is kept for a session.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  static constexpr uint8_t kSessionContext[] = {'a', 'i', 's', 'i', 'x'};
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext);
  absl::StatusOr<Identity> identity = ReadIdentity(options.certificate_chain, options.private_key);
  if (!identity.ok()) return identity.status();
  auto protocols = EncodeProtocols(options.protocols);
  if (!protocols.ok()) return protocols.status();
  return std::make_shared<const ServerContext>(std::move(context), *std::move(identity),
                                               *std::move(protocols), options.handshake_timeout_ms);
}

}  // namespace aisix::tls
