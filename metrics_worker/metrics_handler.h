// The metrics listener (spec 11 §4, 01 §8.3–8.5).
#pragma once

#include <string>

#include "lib/http/server.h"
#include "metrics_worker/zone_monitor.h"

namespace aisix::metrics_zone {

// Surrounding blanks trimmed, empty becomes /metrics, a missing slash is added (spec 11 §4).
std::string NormalisePath(std::string_view configured);

class MetricsHandler : public http::Handler {
 public:
  // `metrics_path`: normalised.
  MetricsHandler(ZoneMonitor& monitor, std::string metrics_path)
      : monitor_(monitor), metrics_path_(std::move(metrics_path)) {}

  async::Maybe<void> Handle(http::ServerExchange& exchange) override;

 private:
  async::Task<void> Serve(http::ServerExchange& exchange);
  async::Task<void> ServeMetrics(http::ServerExchange& exchange);
  async::Task<void> ServeConfig(http::ServerExchange& exchange);
  async::Task<void> ServeReady(http::ServerExchange& exchange);
  async::Task<void> ServeModels(http::ServerExchange& exchange);

  ZoneMonitor& monitor_;
  std::string metrics_path_;
};

}  // namespace aisix::metrics_zone
