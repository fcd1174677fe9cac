// A report as text: for the log, for `/status/isolation`, for metrics.
#pragma once

#include <string>
#include <vector>

#include "lib/log/logger.h"
#include "lib/metrics/snapshot.h"
#include "lib/sandbox/report.h"

namespace aisix::sandbox {

// {"zone":"proxy","isolation":"enforce","mechanisms":[{"mechanism":"landlock","state":"full","reason":"…"},…],
// "attempts":[{"attempt":"bind a port","refused":true,"outcome":"EACCES"},…],"kernel":{"Seccomp":"2",…}}
std::string RenderJson(const Report& report);

// `aisix_isolation_active{zone,mechanism}`: 1 full, 0.5 partial, 0 absent.
void AppendFamilies(const Report& report, std::vector<metrics::Family>& families);

// One line, at WARN when a mechanism is absent or an attempt was not refused, else INFO.
void Log(const Report& report, log::Logger& logger);

}  // namespace aisix::sandbox
