#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "lib/tls/certificates.h"
#include "lib/tls/context.h"
#include "lib/tls/error_text.h"
#include "lib/tls/stream.h"

namespace aisix::tls {
namespace {

// Sessions by `host:port`, the newest first. Used at handshakes only, by all loops.
class SessionCache {
 public:
  void Put(const std::string& server, bssl::UniquePtr<SSL_SESSION> session) {
    std::lock_guard lock(mutex_);
    auto& sessions = sessions_[server];
    sessions.push_front(std::move(session));
    if (sessions.size() > kPerServer) sessions.pop_back();
    if (sessions_.size() > kServers) sessions_.erase(sessions_.begin());
  }

  bssl::UniquePtr<SSL_SESSION> Take(const std::string& server) {
    std::lock_guard lock(mutex_);
    const auto found = sessions_.find(server);
    if (found == sessions_.end()) return nullptr;
    bssl::UniquePtr<SSL_SESSION> session = std::move(found->second.front());
    found->second.pop_front();
    // A TLS 1.3 ticket is used once, so that connections cannot be linked; others serve again.
    if (!SSL_SESSION_should_be_single_use(session.get())) found->second.push_back(bssl::UpRef(session));
    if (found->second.empty()) sessions_.erase(found);
    return session;
  }

 private:
  static constexpr size_t kPerServer = 8;
  static constexpr size_t kServers = 256;

  std::mutex mutex_;
  std::unordered_map<std::string, std::list<bssl::UniquePtr<SSL_SESSION>>> sessions_;
};

// What the new-session callback needs; goes with the SSL object.
struct SessionOwner {
  std::shared_ptr<SessionCache> cache;
  std::string server;
};

int OwnerIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                                                [](void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) {
                                                  delete static_cast<SessionOwner*>(pointer);
                                                });
  return index;
}

int RefuseAll(int, X509_STORE_CTX*) {
  return 0;
}

bool IsAddress(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

class ClientContext final : public net::ClientSecurity {
 public:
  ClientContext(bssl::UniquePtr<SSL_CTX> context, Identity identity, bool verify)
      : context_(std::move(context)),
        identity_(std::move(identity)),
        verify_(verify),
        sessions_(std::make_shared<SessionCache>()) {
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), OnNewSession);
  }

  net::TransportPtr Connect(async::Loop& loop, net::TransportPtr plain, const std::string& host,
                            uint16_t port) const override {
    bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
    SSL_set_connect_state(ssl.get());
    if (identity_.key) identity_.LendTo(ssl.get());
    const bool is_address = IsAddress(host);
    if (!is_address) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    if (verify_) {
      X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl.get());
      X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      // An expectation that cannot be set fails the handshake: nothing is believed then.
      const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str())
                                 : X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size());
      SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, set == 1 ? nullptr : RefuseAll);
    }
    auto owner = std::make_unique<SessionOwner>(SessionOwner{sessions_, host + ":" + std::to_string(port)});
    if (bssl::UniquePtr<SSL_SESSION> session = sessions_->Take(owner->server)) {
      SSL_set_session(ssl.get(), session.get());
    }
    SSL_set_ex_data(ssl.get(), OwnerIndex(), owner.release());
    return net::TransportPtr(new Stream(loop, std::move(plain), std::move(ssl), host, 0));
  }

 private:
  static int OnNewSession(SSL* ssl, SSL_SESSION* session) {
    const auto* owner = static_cast<const SessionOwner*>(SSL_get_ex_data(ssl, OwnerIndex()));
    if (!owner) return 0;
    owner->cache->Put(owner->server, bssl::UniquePtr<SSL_SESSION>(session));
    return 1;
  }

  bssl::UniquePtr<SSL_CTX> context_;
  const Identity identity_;  // no key: none
  const bool verify_;
  std::shared_ptr<SessionCache> sessions_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const net::ClientSecurity>> MakeClientSecurity(const ClientOptions& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (!context) return absl::InternalError(TakeErrorText());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  if (options.roots) {
    X509_STORE* store = static_cast<const ParsedRoots&>(*options.roots).store();
    X509_STORE_up_ref(store);
    SSL_CTX_set_cert_store(context.get(), store);
  }
  SSL_CTX_set_verify(context.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  Identity identity;
  if (!options.client_certificate_chain.empty() || !options.client_private_key.empty()) {
    absl::StatusOr<Identity> read =
        ReadIdentity(options.client_certificate_chain, options.client_private_key);
    if (!read.ok()) return read.status();
    identity = *std::move(read);
  }
  auto protocols = EncodeProtocols(options.protocols);
  if (!protocols.ok()) return protocols.status();
  if (!protocols->empty()) {
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const uint8_t*>(protocols->data()),
                            protocols->size());
  }
  return std::make_shared<const ClientContext>(std::move(context), std::move(identity), options.verify);
}

}  // namespace aisix::tls
