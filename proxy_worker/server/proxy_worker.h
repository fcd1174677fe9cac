// The proxy zone as one object: loops, configuration, links to the other zones, and what the supervisor may
// ask of it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/config/zone_config.h"
#include "lib/control/commands.h"
#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/control/message.h"
#include "lib/ipc/config_service.h"
#include "lib/ipc/rpc_server.h"
#include "lib/ipc/zone_service.h"
#include "lib/log/logger.h"
#include "lib/metrics/registry.h"
#include "lib/os/process_stats.h"
#include "lib/sandbox/lock.h"
#include "proxy_worker/server/proxy_loop.h"
#include "proxy_worker/snapshot/config_intake.h"
#include "proxy_worker/snapshot/snapshot_publisher.h"

namespace aisix::proxy {

// Made, prepared, started, served and destroyed on the main thread.
class ProxyWorker {
 public:
  // `link` and `logger` are borrowed.
  ProxyWorker(config::ProxyPart config, control::Inherited inherited, control::ControlLink& link,
              log::Logger& logger);
  ~ProxyWorker();
  ProxyWorker(const ProxyWorker&) = delete;
  ProxyWorker& operator=(const ProxyWorker&) = delete;

  // Everything that needs more of the system than the sandbox leaves: TLS contexts, loops, open files. No
  // thread. The error is why the process cannot run.
  absl::Status Prepare();
  // After the sandbox was locked: threads, gRPC. Says Ready once the first push is in effect.
  void Start(sandbox::Report isolation);
  // Obeys the supervisor until it is released and idle; then hands over its totals. The error: the supervisor
  // is gone.
  absl::Status Serve();

 private:
  absl::Status Distribute(const config::ListenerSpec& listener);
  absl::StatusOr<ProviderPlanner> MakePlanner();
  control::Commands MakeCommands();
  // Empty, or what of the new files is refused.
  std::string Reload();
  absl::Status ObeyPending();
  void AttachLink(std::string_view name, uint64_t index, os::UniqueFd fd);
  void OnApplied();
  std::optional<std::string> Status(std::string_view subject) const;
  uint64_t InFlight() const;
  uint64_t Connections() const;
  bool Idle() const;  // once released: no connection, and none can come
  void EndThreads();

  const config::ProxyPart config_;
  control::Inherited inherited_;
  control::ControlLink& link_;
  log::Logger& logger_;

  std::unique_ptr<os::ProcessStats> stats_;
  metrics::Registry registry_;
  std::optional<MetricFamilies> families_;
  ClientTypeRules client_types_;
  RealIpRules real_ip_;
  ProcessState process_;
  SnapshotReclaimer reclaimer_;
  std::optional<ProxyEnvironment> environment_;
  ListenerSecurity security_;
  std::vector<std::unique_ptr<ProxyLoop>> loops_;

  SnapshotPublisher publisher_;
  std::unique_ptr<ConfigIntake> intake_;
  std::once_flag first_applied_;
  sandbox::Report isolation_;
  const control::Commands commands_ = MakeCommands();
  bool released_ = false;
  bool stopped_ = false;
  // When a replaced worker closes the connections that are between requests.
  std::optional<std::chrono::steady_clock::time_point> idle_limit_;

  // Services before the servers that use them.
  std::unique_ptr<ipc::ConfigService> config_service_;
  std::unique_ptr<ipc::ZoneService> zone_service_;
  std::unique_ptr<ipc::RpcServer> config_server_;  // admin, link config.proxy
  std::unique_ptr<ipc::RpcServer> health_server_;  // admin, link health.proxy
  std::unique_ptr<ipc::RpcServer> zone_server_;    // metrics, link zone.proxy
};

}  // namespace aisix::proxy
