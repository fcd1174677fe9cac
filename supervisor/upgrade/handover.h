// What this process hands to its next image when it executes its program again (SIGUSR2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"
#include "supervisor/process/table_state.h"

namespace aisix::supervisor {

// The variable of the next image's environment that holds the number of the descriptor.
inline constexpr const char* kHandoverVariable = "AISIX_HANDOVER";

// A value. Descriptors are numbers that stay the same; -1: there is none.
struct Handover {
  struct Listener {
    std::string name;
    uint64_t index = 0;
    int fd = -1;
  };

  pid_t pid = 0;  // of the process: nobody else may take it
  std::string config_path;
  std::string own_part;                     // config::SupervisorPart as text
  int environment = -1;                     // the file of TakeEnvironment
  std::map<std::string, int> boot;          // by zone name, as StartParts
  std::map<std::string, int> environments;  // by zone name
  std::vector<Listener> listeners;
  std::string notify_socket;  // as ServiceEnvironment
  int64_t watchdog_us = 0;
  TableState table;

  // All of the descriptors.
  std::vector<int> Descriptors() const;
};

// Lines of words; a later build may add lines and words at their end, which an earlier one does not read.
std::string Encode(const Handover& handover);
// INVALID_ARGUMENT: not such a text, or something that cannot be done without is missing.
absl::StatusOr<Handover> DecodeHandover(std::string_view text);

// Reads the sealed file of the predecessor. FAILED_PRECONDITION: it is not of this process, or one of its
// descriptors is not open. From then on the descriptors are close-on-exec again; the caller owns them.
absl::StatusOr<Handover> TakeHandover(int file, pid_t self);

}  // namespace aisix::supervisor
