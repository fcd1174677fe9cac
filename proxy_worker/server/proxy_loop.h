// One event loop of the data plane with everything that lives on it: listeners, upstream connections, the
// snapshot it serves from, its share of the metrics (DESIGN §3).
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/async/loop.h"
#include "lib/config/zone_config.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/ipc/dial_client.h"
#include "lib/log/logger.h"
#include "lib/metrics/registry.h"
#include "lib/net/security.h"
#include "lib/os/unique_fd.h"
#include "proxy_worker/pipeline/chat_scratch.h"
#include "proxy_worker/pipeline/client_address.h"
#include "proxy_worker/pipeline/loop_context.h"
#include "proxy_worker/pipeline/process_state.h"
#include "proxy_worker/server/proxy_handler.h"
#include "proxy_worker/snapshot/snapshot_reclaimer.h"
#include "proxy_worker/snapshot/snapshot_slot.h"
#include "proxy_worker/telemetry/client_type.h"
#include "proxy_worker/telemetry/metric_families.h"
#include "proxy_worker/telemetry/request_recorder.h"

namespace aisix::proxy {

// What all loops share; outlives them.
struct ProxyEnvironment {
  const config::ProxyPart& config;
  log::Logger& logger;
  ProcessState& process;
  SnapshotReclaimer& reclaimer;
  metrics::Registry& registry;
  const MetricFamilies& families;
  const ClientTypeRules& client_types;
  const RealIpRules& real_ip;
  EndpointHandlers handlers;
};

// Certificates of the listeners, by listener name; those without TLS have none.
using ListenerSecurity = std::map<std::string, std::shared_ptr<const net::ServerSecurity>>;

// Made before the sandbox is locked, because loops open descriptors; Start() after it. Its own thread runs
// it; the methods are for the thread that owns it.
class ProxyLoop {
 public:
  // `dial`: this loop's link to the egress zone.
  ProxyLoop(const ProxyEnvironment& environment, os::UniqueFd dial);
  ~ProxyLoop();  // as Stop
  ProxyLoop(const ProxyLoop&) = delete;
  ProxyLoop& operator=(const ProxyLoop&) = delete;

  // The listener will be served on the socket once Accept() was called. Before Start.
  void AddListener(const config::ListenerSpec& listener, os::UniqueFd socket);
  void Start(const ListenerSecurity& security);
  // Ends the thread. Requests that run are abandoned.
  void Stop();

  void Accept();
  void SetSecurity(const ListenerSecurity& security);  // for connections to come
  void ReplaceDial(os::UniqueFd link);
  void Drain();  // responses say `connection: close`
  // No new connections, and each that is open serves at most one more request. `at_once`: those between
  // requests are closed now.
  void Release(bool at_once);
  // False once Release() has taken effect. Any thread.
  bool accepting() const { return accepting_.load(std::memory_order_acquire); }
  size_t in_flight() const;    // any thread
  size_t connections() const;  // any thread

  async::Loop& loop() { return loop_; }
  SnapshotSlot& snapshots() { return snapshots_; }
  // Written on the loop: what each new snapshot cost it.
  metrics::Histogram& swap_times() { return swap_times_; }

 private:
  struct Served {
    config::ListenerSpec listener;
    os::UniqueFd socket;  // until Accept
    std::unique_ptr<http::Server> server;
  };

  const ProxyEnvironment& environment_;
  async::Loop loop_;
  ipc::DialClient dialer_;
  http::ClientPool upstream_;
  SnapshotSlot snapshots_;
  metrics::Shard& shard_;
  metrics::Histogram& swap_times_;
  RequestRecorder recorder_;
  ChatScratch chat_scratch_;
  LoopContext context_;
  ProxyHandler handler_;
  std::vector<Served> served_;
  std::atomic<bool> accepting_{true};
  std::thread thread_;
};

}  // namespace aisix::proxy
