// What the deployment trusts and presents towards providers, from granted files (spec 05 §9).
#pragma once

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/control/inherit.h"
#include "lib/log/logger.h"
#include "lib/tls/context.h"

namespace aisix::proxy {

// System roots (files `ca_bundle`, `ca_bundle.1` …; without one a warning is logged) and the files of
// `upstream.tls`. An error names the configuration key that is wrong.
absl::StatusOr<tls::ClientOptions> LoadUpstreamTls(const config::TlsMaterial& configured,
                                                   const control::Inherited& inherited, log::Logger& logger);

}  // namespace aisix::proxy
