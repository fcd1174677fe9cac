// Asking another zone about itself (proto/zone.proto).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ipc/rpc_channel.h"
#include "lib/metrics/snapshot.h"

namespace aisix::ipc {

// Both wait for the answer, at most `limit`: never call them on an event loop. Errors: UNAVAILABLE (no
// channel, or its peer is gone), DEADLINE_EXCEEDED.
absl::StatusOr<std::vector<metrics::Family>> CollectZone(const RpcChannel& channel,
                                                         std::chrono::milliseconds limit);

// The JSON text of a subject; nullopt when the zone does not know it.
absl::StatusOr<std::optional<std::string>> QueryStatus(const RpcChannel& channel, const std::string& subject,
                                                       std::chrono::milliseconds limit);

}  // namespace aisix::ipc
