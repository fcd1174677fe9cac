// What every zone answers about itself (proto/zone.proto): its metrics and its status.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/metrics/registry.h"
#include "lib/os/process_stats.h"

namespace grpc {
class Service;
}

namespace aisix::ipc {

// `process_resident_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds` … of one process, with the
// label `zone`.
void AppendProcessFamilies(const os::ProcessSample& sample, std::string_view zone,
                           std::vector<metrics::Family>& families);

// Answers Collect from a registry and from the process's own figures, and Status from a callback. Both are
// called on gRPC threads. Everything passed in is borrowed and must outlive the server that uses service().
class ZoneService {
 public:
  // The JSON text of a subject, nullopt when the zone does not know it. Called on several threads at once.
  using StatusCallback = std::function<std::optional<std::string>(std::string_view subject)>;

  // `stats` may be null: then there are no process families.
  ZoneService(std::string zone, const metrics::Registry& registry, const os::ProcessStats* stats,
              StatusCallback status);
  ~ZoneService();
  ZoneService(const ZoneService&) = delete;
  ZoneService& operator=(const ZoneService&) = delete;

  grpc::Service* service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aisix::ipc
