// What the kernel says about this process, read behind the lock.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::sandbox {

class KernelView {
 public:
  // Make it while files may still be opened. A view that could not be opened (no /proc) reads nothing.
  KernelView();

  // "NoNewPrivs", "Seccomp", "CapInh" … of the main thread with their values, in the order of
  // /proc/self/status.
  std::vector<std::pair<std::string, std::string>> Read() const;

 private:
  os::UniqueFd status_;
};

}  // namespace aisix::sandbox
