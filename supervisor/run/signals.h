// Signals as input of the event loop.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

// Blocks SIGCHLD, SIGTERM, SIGINT, SIGHUP and SIGUSR2 for this process and collects them; ignores SIGPIPE.
class Signals {
 public:
  static absl::StatusOr<Signals> Create();

  int fd() const { return fd_.get(); }
  // The numbers that arrived since the last call; does not wait. The same number may stand for several.
  std::vector<int> Take();

 private:
  explicit Signals(os::UniqueFd fd) : fd_(std::move(fd)) {}
  os::UniqueFd fd_;
};

// Ends this process as `number` does by default; as process 1 of a container, where defaults do not apply,
// with exit code 128 + number.
[[noreturn]] void DieOfSignal(int number);

}  // namespace aisix::supervisor
