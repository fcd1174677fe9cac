// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (spec 05 §9).
#pragma once

#include "absl/status/statusor.h"
#include "lib/config/loader/environment.h"
#include "lib/config/zone_config.h"

namespace aisix::config {

// Each name in capitals, else in small letters; an empty value counts as none. A value that cannot be used is
// an INVALID_ARGUMENT, because to go on without the proxy would be to go around it; its text names the
// variable and never shows the value, which may hold a password.
absl::StatusOr<OutboundProxies> ReadOutboundProxies(const Environment& environment);

}  // namespace aisix::config
