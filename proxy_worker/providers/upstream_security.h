// TLS contexts for connections to providers (spec 05 §9).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/log/logger.h"
#include "lib/model/provider_key.h"
#include "lib/tls/context.h"

namespace aisix::proxy {

// The deployment's context, and one more for each `tls` block that differs; keys with equal blocks share
// theirs, and with it their connections. For the thread that receives configuration.
class UpstreamSecurityCache {
 public:
  // `deployment`: system roots and `upstream.tls`. The error is that of the context.
  static absl::StatusOr<std::unique_ptr<UpstreamSecurityCache>> Make(tls::ClientOptions deployment,
                                                                     log::Logger& logger);

  // `block` null or without effect: the deployment's. A `ca_cert` that cannot be read is logged, and the
  // deployment's context is used.
  std::shared_ptr<const net::ClientSecurity> For(std::string_view provider_key_id,
                                                 const model::UpstreamTls* block);

 private:
  UpstreamSecurityCache(tls::ClientOptions deployment, std::shared_ptr<const net::ClientSecurity> context,
                        log::Logger& logger)
      : deployment_(std::move(deployment)), context_(std::move(context)), logger_(logger) {}

  const tls::ClientOptions deployment_;
  const std::shared_ptr<const net::ClientSecurity> context_;
  log::Logger& logger_;
  std::map<std::pair<std::string, bool>, std::weak_ptr<const net::ClientSecurity>> others_;  // CA, verify
};

}  // namespace aisix::proxy
