// What the metrics zone knows about all zones: their figures, whether they run, and what the admin zone says
// about the configuration.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/async/task.h"
#include "lib/ipc/totals.h"
#include "lib/metrics/snapshot.h"
#include "lib/os/process_stats.h"
#include "lib/os/unique_fd.h"
#include "lib/sandbox/report.h"
#include "metrics_worker/background.h"
#include "metrics_worker/shared_query.h"

namespace aisix::metrics_zone {

struct MonitorOptions {
  std::string version;
  sandbox::Report isolation;                      // this zone's own
  std::chrono::milliseconds collect_limit{1000};  // for one zone's figures
  std::chrono::milliseconds status_limit{1000};   // for the state of the configuration
  std::chrono::milliseconds models_limit{5000};   // spec 11 §4
};

// Loop thread only. Everything passed in is borrowed.
class ZoneMonitor {
 public:
  ZoneMonitor(async::Loop& loop, Background& background, const os::ProcessStats* stats,
              MonitorOptions options);
  ~ZoneMonitor();
  ZoneMonitor(const ZoneMonitor&) = delete;
  ZoneMonitor& operator=(const ZoneMonitor&) = delete;

  // The client end of the link to a worker of "proxy", "admin" or "egress"; replaces an older one to the
  // same.
  void SetLink(std::string_view zone, uint64_t generation, os::UniqueFd fd);
  // A worker is gone; with its totals when it left in order. Also of zones and workers that were never
  // linked.
  void OnEnded(std::string_view zone, uint64_t generation,
               const std::optional<std::vector<metrics::Family>>& totals);
  // What this worker's predecessor has heard last from a worker of whose end it did not know. The links to
  // all workers that run were set before.
  void Inherit(ipc::LastAnswer answer);
  // How many workers of the zone ended for this reason.
  void SetExits(std::string_view zone, std::string_view reason, uint64_t count);
  // As the supervisor says it: "up", or "down: why".
  void SetState(std::string_view zone, std::string_view state, uint64_t restarts);

  // What the supervisor's process uses, as it says itself.
  void SetSupervisor(const os::ProcessSample& sample) { supervisor_ = sample; }
  // One mechanism of the supervisor's lock; replaces what it said about it before.
  void SetSupervisorMeasure(sandbox::Measure measure);

  // Asks every zone and gives the exposition. A zone that does not answer in time is shown by its last
  // answer.
  async::Task<std::string> Exposition();

  // JSON of spec 11 §4.1; the last known one when admin does not answer; nullopt when there is none yet.
  async::Task<std::optional<std::string>> ConfigStatus();
  // Whether a configuration was ever applied since this worker's start; stays true.
  async::Task<bool> Ready();
  // JSON of spec 11 §4.2, never an old one; nullopt when admin does not answer.
  async::Task<std::optional<std::string>> Models();
  // How far each zone is locked: {"zones":[{"zone":"admin",…,"answer_age_seconds":0.1},…]} with the reports
  // of lib/sandbox/render.h, in the order of the names. A zone that does not answer is shown by its last
  // answer.
  async::Task<std::string> Isolation();
  // [{"zone":"proxy","up":true,"state":"up","restarts":0,"answer_age_seconds":0.2}, …]
  std::string ZonesJson() const;
  // What the successor of this worker has to go on from: the totals of all workers that are gone, with this
  // one's own, and the last answers of those that run.
  ipc::Totals Totals() const;

 private:
  struct Zone;
  struct Subject;

  async::Task<void> Refresh(Subject& subject);
  void CollectAll();
  std::vector<metrics::Family> OwnFigures() const;
  std::vector<metrics::Family> Figures() const;
  double AgeSeconds(uint64_t answered_ms) const;

  async::Loop& loop_;
  Background& background_;
  const os::ProcessStats* stats_;
  MonitorOptions options_;
  std::optional<os::ProcessSample> supervisor_;
  sandbox::Report supervisor_isolation_;
  std::vector<metrics::Family> former_;  // totals of workers that are gone, of all zones
  std::map<std::string, std::unique_ptr<Zone>, std::less<>> zones_;
  SharedQuery collection_;
  size_t collecting_ = 0;  // workers that were not heard yet in this round
  std::unique_ptr<Subject> config_;
  std::unique_ptr<Subject> ready_;
  std::unique_ptr<Subject> models_;
  std::vector<std::unique_ptr<Subject>> isolation_;  // one for each zone that is asked
  bool was_ready_ = false;
  // Work that ends after this object went finds it gone.
  std::shared_ptr<ZoneMonitor*> self_ = std::make_shared<ZoneMonitor*>(this);
};

}  // namespace aisix::metrics_zone
