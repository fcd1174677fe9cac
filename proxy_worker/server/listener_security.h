// Certificates of the proxy listeners, from granted files (spec 01 §7.3).
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/control/inherit.h"
#include "proxy_worker/server/proxy_loop.h"

namespace aisix::proxy {

// For every listener with TLS, from its files `<name>.tls.cert_file` and `<name>.tls.key_file`.
// INVALID_ARGUMENT or UNAVAILABLE with the name of the configuration key that is wrong.
absl::StatusOr<ListenerSecurity> LoadListenerSecurity(const std::vector<config::ListenerSpec>& listeners,
                                                      const control::Inherited& inherited);

}  // namespace aisix::proxy
