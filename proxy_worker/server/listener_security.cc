#include "proxy_worker/server/listener_security.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "lib/crypto/secret.h"
#include "lib/tls/context.h"

namespace aisix::proxy {
namespace {

absl::Status Named(const std::string& key, const absl::Status& status) {
  const std::string message(status.message());
  return absl::Status(status.code(), fmt::format("{}: {}", key, message));
}

}  // namespace

absl::StatusOr<ListenerSecurity> LoadListenerSecurity(const std::vector<config::ListenerSpec>& listeners,
                                                      const control::Inherited& inherited) {
  ListenerSecurity security;
  for (const config::ListenerSpec& listener : listeners) {
    if (!listener.tls) continue;
    const std::string certificate_key = listener.name + ".tls.cert_file";
    const std::string private_key_key = listener.name + ".tls.key_file";
    absl::StatusOr<std::string> certificate = inherited.ReadFile(certificate_key);
    if (!certificate.ok()) return Named(certificate_key, certificate.status());
    absl::StatusOr<std::string> private_key = inherited.ReadFile(private_key_key);
    if (!private_key.ok()) return Named(private_key_key, private_key.status());
    tls::ServerOptions options;
    options.certificate_chain = *std::move(certificate);
    options.private_key = *std::move(private_key);
    absl::StatusOr<std::shared_ptr<const net::ServerSecurity>> made = tls::MakeServerSecurity(options);
    crypto::Wipe(options.private_key);
    if (!made.ok()) return Named(listener.name + ".tls", made.status());
    security[listener.name] = *std::move(made);
  }
  return security;
}

}  // namespace aisix::proxy
