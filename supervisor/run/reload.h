// Giving files to zones again: at SIGHUP and when they change (DESIGN §1.2). Nothing here ever ends a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/bootstrap_reading.h"
#include "supervisor/run/directory_watch.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

class Reload {
 public:
  // `whole`: file mode, where SIGHUP also reads the resources file and the variables that it names again.
  Reload(EventLoop& loop, log::Logger& logger, ProcessTable& table, StartParts& parts, GrantedFiles& files,
         BootstrapSource bootstrap, DirectoryWatch watch, bool whole);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  // Returns at once. While a reload is under way, one more follows it; while a worker is being replaced, it
  // waits for the end of that. `ended` runs when the zones have been told.
  void OnHangup(std::function<void()> ended = nullptr);
  bool active() const { return !ended_.empty(); }
  // A worker of this zone is ready: it gets what has changed since its files were used for the last time.
  void OnReady(Zone zone);
  // The zone's worker has taken the reload of this number; `refused`: empty, or why it does not use the
  // files.
  void OnAnswer(Zone zone, uint64_t number, const std::string& refused);
  // How often that has ended.
  uint64_t given() const { return given_; }

 private:
  void Begin();
  void Give();
  void OnDirectoryEvent();
  void GiveChangedFiles();
  void TakeEnvironments(absl::StatusOr<StartParts> fresh);
  void SendReload(Zone zone, bool whole);
  void GiveFiles(Zone zone);

  EventLoop& loop_;
  log::Logger& logger_;
  ProcessTable& table_;
  StartParts& parts_;
  GrantedFiles& files_;
  BootstrapReading environments_;
  DirectoryWatch watch_;
  const bool whole_;
  // Of those who wait for the reload that is under way, and for the one that follows it.
  std::vector<std::function<void()>> ended_;
  std::vector<std::function<void()>> next_ended_;
  bool change_pending_ = false;
  uint64_t given_ = 0;
  uint64_t last_number_ = 0;
  std::map<Zone, uint64_t> unanswered_;  // the latest reload of each zone, until it is answered
};

}  // namespace aisix::supervisor
