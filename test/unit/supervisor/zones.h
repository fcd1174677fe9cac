// A complete set of fake workers around a real process table.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/log/logger.h"
#include "supervisor/listen/listeners.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/event_loop.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/run/signals.h"
#include "supervisor/start/programs.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

class Zones {
 public:
  explicit Zones(std::vector<config::FileGrant> grants = {}, uint32_t proxy_loops = 2,
                 ProcessTable::Patience patience = {});
  ~Zones();
  Zones(const Zones&) = delete;
  Zones& operator=(const Zones&) = delete;

  // For workers of this zone that are started from now on; see fake_worker.cc.
  void SetBehaviour(Zone zone, const std::string& behaviour);

  // Lines that workers reported, "<zone> <pid> <text>", without zone and pid when both are given.
  const std::vector<std::string>& lines() const { return lines_; }
  bool Reported(Zone zone, const std::string& text) const;
  bool Reported(Zone zone, pid_t pid, const std::string& text) const;
  // The position of the first such line of the zone; -1: none.
  int Position(Zone zone, const std::string& text) const;

  // Runs the loop until the condition holds; a test failure after half a minute.
  void RunUntil(const std::function<bool()>& condition);
  // Starts everything and waits until all are ready.
  void StartAll();

  const std::string& directory() const { return directory_; }

  EventLoop loop;
  log::Logger logger;
  std::optional<Signals> signals;
  std::optional<Programs> programs;
  StartParts parts;
  std::optional<Listeners> listeners;
  GrantedFiles files;
  std::optional<ProcessTable> table;

  bool all_ready = false;
  std::string fatal;
  std::vector<Zone> ended;
  std::function<void(Zone)> on_ended;
  std::function<void(uint64_t)> on_in_flight;
  std::function<void(pid_t, const Exit&)> on_other_ended;
  std::vector<Zone> to_replace;
  std::function<void(Zone)> on_ready;
  std::function<void(Zone, uint64_t, const std::string&)> on_reloaded;

 private:
  void ReadReports();

  std::string directory_;
  os::UniqueFd pipe_;
  std::string partial_;
  std::vector<std::string> lines_;
};

}  // namespace aisix::supervisor
