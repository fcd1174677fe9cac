// Where a configuration comes from. main() chooses one by the start-up configuration; nothing behind this
// interface is known to the rest of the worker.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "admin_worker/push/refusal_table.h"
#include "admin_worker/resources/configuration.h"
#include "admin_worker/status/model_status.h"
#include "lib/metrics/snapshot.h"

namespace aisix::admin {

class Source {
 public:
  virtual ~Source() = default;

  // Gives every zone a new configuration. Called on any thread.
  using Publish = std::function<void(ConfigurationPtr)>;
  // Told once whether the process may go on; else the text of the failed start. Called on any thread, perhaps
  // before Start returns.
  using OnStarted = std::function<void(const absl::Status&)>;

  // After the sandbox is locked: it may make threads. What an earlier worker knew is published before
  // anything is read.
  virtual void Start(Publish publish, OnStarted on_started) = 0;
  // Granted files have been sent again. `everything`: asked for by SIGHUP, else only some files have changed.
  // Why they are refused, and the earlier ones stay in use; empty: they are not.
  virtual std::string Reload(bool everything) = 0;
  // Every zone has `configuration` now. Any thread.
  virtual void OnApplied(const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) = 0;
  // Orderly end: nothing is published after it.
  virtual void Stop() = 0;

  // Any thread, as what follows: the newest accepted configuration; null: none yet.
  virtual ConfigurationPtr current() const = 0;
  // Something was applied since the start of the gateway (spec 01 §8.2).
  virtual bool applied() const = 0;
  // The body of `/status/config`.
  virtual std::string StatusJson(absl::Time now) const = 0;
  virtual void AppendMetrics(std::vector<metrics::Family>& families) const = 0;
  // For the health reply; only a source with revisions has one (spec 01 §8.6).
  virtual std::optional<SnapshotAge> Age(absl::Time) const { return std::nullopt; }
};

}  // namespace aisix::admin
