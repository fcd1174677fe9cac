#include "proxy_worker/providers/upstream_security.h"

namespace aisix::proxy {
namespace {

absl::StatusOr<std::shared_ptr<const net::ClientSecurity>> Layer(const tls::ClientOptions& deployment,
                                                                 std::string_view ca, bool verify) {
  tls::ClientOptions options = deployment;
  options.verify = verify;
  if (!ca.empty()) {
    auto roots = options.roots == nullptr ? tls::ParseRoots({ca}) : tls::AddRoots(*options.roots, ca);
    if (!roots.ok()) return roots.status();
    options.roots = *std::move(roots);
  }
  return tls::MakeClientSecurity(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<UpstreamSecurityCache>> UpstreamSecurityCache::Make(
    tls::ClientOptions deployment, log::Logger& logger) {
  auto context = tls::MakeClientSecurity(deployment);
  if (!context.ok()) return context.status();
  return std::unique_ptr<UpstreamSecurityCache>(
      new UpstreamSecurityCache(std::move(deployment), *std::move(context), logger));
}

std::shared_ptr<const net::ClientSecurity> UpstreamSecurityCache::For(std::string_view provider_key_id,
                                                                      const model::UpstreamTls* block) {
  if (block == nullptr) return context_;
  const std::string ca = block->ca_cert.value_or("");
  const bool verify = block->verify && deployment_.verify;
  if (ca.empty() && verify == deployment_.verify) return context_;
  std::erase_if(others_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const net::ClientSecurity>& known = others_[{ca, verify}];
  if (auto context = known.lock()) return context;
  auto context = Layer(deployment_, ca, verify);
  if (!context.ok()) {
    const auto message = context.status().message();
    const std::string_view error(message.data(), message.size());
    logger_.Write(log::Level::kWarn, "aisix_proxy::upstream",
                  "provider_key.tls cannot be used; the deployment's TLS settings apply",
                  {{"provider_key_id", provider_key_id}, {"error", error}});
    return context_;
  }
  known = *context;
  return *std::move(context);
}

}  // namespace aisix::proxy
