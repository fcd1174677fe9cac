// The admin listener (spec 01 §8, 04): probes and the read-outs of the models' health.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "admin_worker/api/authorization.h"
#include "admin_worker/api/health_query.h"
#include "admin_worker/resources/configuration.h"
#include "admin_worker/status/model_status.h"
#include "lib/http/server.h"

namespace aisix::admin {

class AdminHandler : public http::Handler {
 public:
  // What the handler shows; called on the loop.
  struct Sources {
    std::function<ConfigurationPtr()> configuration;  // may return null
    std::function<bool()> configured;                 // whether /readyz succeeds
    std::function<std::optional<SnapshotAge>()> age;  // of the configuration; may be empty
  };

  // `health` is borrowed.
  AdminHandler(const std::vector<std::string>& admin_keys, Sources sources, HealthQuery& health);

  async::Maybe<void> Handle(http::ServerExchange& exchange) override;
  void SetDraining() { draining_ = true; }

 private:
  async::Task<void> Serve(http::ServerExchange& exchange);
  async::Task<void> ServeProbe(http::ServerExchange& exchange);
  async::Task<void> ServeModels(http::ServerExchange& exchange);

  const AdminKeys keys_;
  const Sources sources_;
  HealthQuery& health_;
  bool draining_ = false;
};

}  // namespace aisix::admin
