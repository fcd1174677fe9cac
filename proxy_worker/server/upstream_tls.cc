#include "proxy_worker/server/upstream_tls.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aisix::proxy {
namespace {

constexpr std::string_view kTarget = "aisix_proxy::upstream";

absl::Status Named(std::string_view key, const absl::Status& status) {
  const std::string message(status.message());
  return absl::Status(status.code(), fmt::format("{}: {}", key, message));
}

}  // namespace

absl::StatusOr<tls::ClientOptions> LoadUpstreamTls(const config::TlsMaterial& configured,
                                                   const control::Inherited& inherited, log::Logger& logger) {
  tls::ClientOptions options;
  options.verify = configured.verify;

  // SSL_CERT_DIR may add "ca_bundle.1" … to "ca_bundle".
  std::vector<std::string> bundles;
  absl::Status unreadable = absl::NotFoundError("none was found");
  for (auto file = inherited.files.lower_bound("ca_bundle");
       file != inherited.files.end() && file->first.starts_with("ca_bundle"); ++file) {
    absl::StatusOr<std::string> bundle = inherited.ReadFile(file->first);
    if (bundle.ok()) {
      bundles.push_back(*std::move(bundle));
    } else {
      unreadable = bundle.status();
    }
  }
  if (bundles.empty() && configured.verify && configured.ca_file.empty()) {
    const std::string reason(unreadable.message());
    logger.Write(log::Level::kWarn, kTarget, "no system certificates: no provider over https can be verified",
                 {{"error", std::string_view(reason)}});
  }
  const std::vector<std::string_view> texts(bundles.begin(), bundles.end());
  absl::StatusOr<std::shared_ptr<const tls::RootStore>> roots = tls::ParseRoots(texts);
  if (!roots.ok()) return Named("ca_bundle", roots.status());
  options.roots = *std::move(roots);

  if (!configured.ca_file.empty()) {
    const absl::StatusOr<std::string> text = inherited.ReadFile(configured.ca_file);
    if (!text.ok()) return Named(configured.ca_file, text.status());
    roots = tls::AddRoots(*options.roots, *text);
    if (!roots.ok()) return Named(configured.ca_file, roots.status());
    options.roots = *std::move(roots);
  }
  if (!configured.client_cert_file.empty()) {
    absl::StatusOr<std::string> chain = inherited.ReadFile(configured.client_cert_file);
    if (!chain.ok()) return Named(configured.client_cert_file, chain.status());
    absl::StatusOr<std::string> key = inherited.ReadFile(configured.client_key_file);
    if (!key.ok()) return Named(configured.client_key_file, key.status());
    options.client_certificate_chain = *std::move(chain);
    options.client_private_key = *std::move(key);
  }
  return options;
}

}  // namespace aisix::proxy
