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
#include "supervisor/start/boot.h"
#include "supervisor/upgrade/handover.h"

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
  Upgrade(log::Logger& logger, ProcessTable& table, Boot& boot, Options options)
      : logger_(logger), table_(table), boot_(boot), options_(std::move(options)) {}
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  // Does not return when it succeeds; else this image goes on with what it had. A configuration that is
  // refused, or has other listeners, is logged, and the next image goes on with the one in use. `before`:
  // runs when nothing but execve is left to do. Only when nothing is being replaced. Waits for two
  // short-lived children.
  absl::Status Execute(const std::function<void()>& before);

 private:
  void ReadConfigurationAgain();
  absl::Status ExecuteProgram(const std::function<void()>& before);
  Handover Collect() const;

  log::Logger& logger_;
  ProcessTable& table_;
  Boot& boot_;
  const Options options_;
  std::optional<StartParts> former_parts_;  // while boot_ holds newer ones
  std::string former_part_text_;
};

// In the new program, asked by its predecessor: can a process go on from this file? Exit code 0 or 1.
int CheckHandover(int file);
// The argument that asks so; the file is descriptor control::kControlSocket.
inline constexpr const char* kCheckArgument = "--check-handover";

}  // namespace aisix::supervisor
