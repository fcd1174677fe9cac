// SIGUSR2: the programs of the gateway are exchanged without a cut (DESIGN §1.4).
//
// The supervisor reads its configuration again, executes its own program again, keeping its process, its
// sockets and its workers, and the new image replaces the workers zone by zone. Nothing that can fail comes
// after the point from which there is no way back: the new program is asked before whether it can go on from
// here.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/log/logger.h"
#include "supervisor/process/process_table.h"
#include "supervisor/run/bootstrap_reading.h"
#include "supervisor/start/boot.h"
#include "supervisor/upgrade/handover.h"
#include "supervisor/upgrade/program_check.h"

namespace aisix::supervisor {

class Upgrade {
 public:
  struct Options {
    std::string program;                 // this process's own
    std::vector<std::string> arguments;  // with argv[0]
    std::string notify_socket;
    std::chrono::microseconds watchdog{0};
  };
  // Everything borrowed.
  Upgrade(EventLoop& loop, log::Logger& logger, ProcessTable& table, const Boot& boot, Options options)
      : logger_(logger),
        table_(table),
        boot_(boot),
        options_(std::move(options)),
        reading_(loop, {boot.bootstrap, boot.environment.get(), boot.config_path},
                 BootstrapScope::kEverything),
        check_(loop) {}
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  // Reads the configuration again and asks the new program, in two short-lived children, while the loop goes
  // on. A configuration that is refused, or has other listeners, is logged, and the next image goes on with
  // the one in use. `done` runs once, later, on the loop; OK: Execute may follow. Only when not preparing().
  using Done = std::function<void(absl::Status)>;
  void Prepare(Done done);
  bool preparing() const { return reading_.active() || check_.active(); }
  // Does not return when it succeeds; else this image goes on with what it had. `before`: runs when nothing
  // but execve is left to do. Only after Prepare, and when nothing is being replaced.
  absl::Status Execute(const std::function<void()>& before);
  // What Prepare has read is not wanted.
  void Abandon() { fresh_.reset(); }

  // A child that is no worker has ended.
  void OnChildEnded(pid_t pid, const Exit& exit) { check_.OnChildEnded(pid, exit); }

 private:
  struct Fresh {
    StartParts parts;
    std::string part_text;
  };
  void TakeConfiguration(absl::StatusOr<StartParts> parts);
  void AskNewProgram(Done done);
  Handover Collect() const;

  log::Logger& logger_;
  ProcessTable& table_;
  const Boot& boot_;
  const Options options_;
  BootstrapReading reading_;
  ProgramCheck check_;
  std::optional<Fresh> fresh_;  // the configuration of the next image; none: the one in use
};

}  // namespace aisix::supervisor
