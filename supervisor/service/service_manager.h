// What the service manager that started this process is told about it (sd_notify(3)). Without one, nothing
// here does anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/log/logger.h"
#include "supervisor/process/zone.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/service/notify_socket.h"

namespace aisix::supervisor {

// Readiness, reloads, the end, a line of status, and the watchdog's heartbeat.
//
// The heartbeat is sent from the supervisor's event loop, at half of the interval, while the gateway can
// serve: it stops when the loop hangs, and when the proxy or egress has not been ready for the interval or
// ten seconds, whichever is longer (a worker that merely died is back long before). Other zones may be down:
// requests are served without them, and a restart of everything would end those. While the gateway drains,
// only the loop counts.
class ServiceManager {
 public:
  struct Options {
    const NotifySocket* notify = nullptr;   // borrowed; null: nobody wants to be told
    std::chrono::microseconds watchdog{0};  // 0: nobody watches
    // Twice the longest pause before a worker is started again.
    std::chrono::milliseconds patience{10'000};
  };
  // `is_ready`: a worker of this zone serves.
  ServiceManager(EventLoop& loop, log::Logger& logger, Options options, std::function<bool(Zone)> is_ready);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  // READY=1, and the heartbeat begins. A later image of the same process says so again: that ends the reload
  // as which its predecessor announced the change.
  void OnServing();
  // A zone's worker has become ready or ended.
  void OnZoneChanged();
  // RELOADING=1 … READY=1. Nothing before OnServing and after OnStopping.
  void BeginReload(std::string_view status = "Reloading");
  void EndReload();
  // STOPPING=1; the heartbeat goes on.
  void OnStopping(std::string_view status);
  void SetStatus(std::string_view text);  // sent when it is another one than before

 private:
  enum class Phase { kStarting, kServing, kReloading, kStopping };

  void Send(std::string_view text);
  void SayReady();
  std::string DescribeZones() const;
  void Beat();
  bool CanServe() const;

  EventLoop& loop_;
  log::Logger& logger_;
  const Options options_;
  const std::function<bool(Zone)> is_ready_;
  Phase phase_ = Phase::kStarting;
  std::string status_;
  std::optional<EventLoop::Clock::time_point> unable_since_;  // an essential zone is not ready
  uint64_t beat_ = 0;                                         // timer
  bool failed_ = false;                                       // and said so
};

}  // namespace aisix::supervisor
