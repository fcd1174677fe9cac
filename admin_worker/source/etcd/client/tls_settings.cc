#include "admin_worker/source/etcd/client/tls_settings.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>

#include <optional>

#include "absl/time/time.h"
#include "lib/tls/certificates.h"
#include "lib/tls/context.h"

namespace aisix::admin::etcd {
namespace {

// The only protocol that is spoken with etcd.
constexpr char kHttp2[] = "h2";

absl::Status Named(std::string_view key, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", key, std::string(status.message())));
}

std::optional<absl::Time> TimeOf(const ASN1_TIME* time) {
  const bssl::UniquePtr<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  return absl::UnixEpoch() + absl::Hours(24) * days + absl::Seconds(seconds);
}

class Settings final : public TlsSettings {
 public:
  Settings(std::shared_ptr<const net::ClientSecurity> security, bssl::UniquePtr<X509> certificate,
           std::string name)
      : security_(std::move(security)), certificate_(std::move(certificate)), name_(std::move(name)) {}

  const net::ClientSecurity& security() const override { return *security_; }
  const std::string& expected_name() const override { return name_; }

  std::string ClientCertificateProblem() const override {
    const absl::Time now = absl::Now();
    const std::optional<absl::Time> from = TimeOf(X509_get0_notBefore(certificate_.get()));
    const std::optional<absl::Time> to = TimeOf(X509_get0_notAfter(certificate_.get()));
    const auto text = [](absl::Time time) {
      return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
    };
    if (to && *to < now) return "expired on " + text(*to);
    if (from && *from > now) return "is not valid before " + text(*from);
    return {};
  }

 private:
  const std::shared_ptr<const net::ClientSecurity> security_;
  const bssl::UniquePtr<X509> certificate_;
  const std::string name_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsSettings>> MakeTlsSettings(const TlsFiles& files,
                                                                   std::string expected_name) {
  auto roots = tls::ParseRoots({files.ca_cert});
  if (!roots.ok()) return Named("etcd.tls.ca_cert_file", roots.status());
  if ((*roots)->size() == 0)
    return Named("etcd.tls.ca_cert_file", absl::InvalidArgumentError("no certificate found"));
  auto chain = tls::ParseCertificates(files.client_cert);
  if (!chain.ok()) return Named("etcd.tls.client_cert_file", chain.status());
  if (auto key = tls::ParsePrivateKey(files.client_key); !key.ok())
    return Named("etcd.tls.client_key_file", key.status());
  tls::ClientOptions options;
  options.roots = *std::move(roots);
  options.client_certificate_chain = files.client_cert;
  options.client_private_key = files.client_key;
  options.protocols = {kHttp2};
  auto security = tls::MakeClientSecurity(options);
  if (!security.ok()) return Named("etcd.tls.client_cert_file, etcd.tls.client_key_file", security.status());
  return std::make_shared<const Settings>(*std::move(security), std::move(chain->front()),
                                          std::move(expected_name));
}

}  // namespace aisix::admin::etcd
