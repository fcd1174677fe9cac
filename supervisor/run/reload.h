// Giving files to zones again: at SIGHUP and when they change (DESIGN §1.2). Nothing here ever ends a worker.
#pragma once

#include <string>

#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/directory_watch.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

// How the bootstrap child is run again.
struct BootstrapSource {
  std::string program;
  int environment;  // borrowed
  std::string config_path;
};

class Reload {
 public:
  // `whole`: file mode, where SIGHUP also reads the resources file and the variables that it names again.
  Reload(EventLoop& loop, log::Logger& logger, ProcessTable& table, StartParts& parts, GrantedFiles& files,
         BootstrapSource bootstrap, DirectoryWatch watch, bool whole);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  void OnHangup();

 private:
  void OnDirectoryEvent();
  void GiveChangedFiles();
  void ReadEnvironmentsAgain();
  void SendReload(Zone zone, bool whole);

  EventLoop& loop_;
  log::Logger& logger_;
  ProcessTable& table_;
  StartParts& parts_;
  GrantedFiles& files_;
  const BootstrapSource bootstrap_;
  DirectoryWatch watch_;
  const bool whole_;
  bool change_pending_ = false;
};

}  // namespace aisix::supervisor
