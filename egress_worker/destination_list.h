// The destinations that the configuration names: the only places egress opens connections to (DESIGN §1.3).
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "lib/ipc/config_service.h"

namespace aisix::egress {

// Canonical host:port entries. Written by the configuration link's thread, read by the loop; any thread.
class DestinationList {
 public:
  // Applies a push as a whole. Entries that are not a canonical host:port are refused and left out.
  std::vector<ipc::ConfigRefusal> Apply(const ipc::ConfigBatch& batch);

  bool Contains(const std::string& destination) const;
  // Whether a push came since the start. Until then nothing can be said about any destination.
  bool configured() const;
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  absl::flat_hash_set<std::string> entries_;
  bool configured_ = false;
};

// The kind of documents that are destinations (proto/config.proto).
inline constexpr std::string_view kDestinationKind = "destinations";

}  // namespace aisix::egress
