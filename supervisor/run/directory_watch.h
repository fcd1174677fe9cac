// Learns that something happened in a directory.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::supervisor {

// inotify on directories rather than files: editors and ConfigMaps replace files by renaming others over
// them.
class DirectoryWatch {
 public:
  static absl::StatusOr<DirectoryWatch> Create();

  // Directories that do not exist are skipped. Call it again to pick up those that have come into being.
  void Add(const std::vector<std::string>& directories);

  int fd() const { return fd_.get(); }
  // Discards what is there; true when there was something.
  bool Take();

 private:
  explicit DirectoryWatch(os::UniqueFd fd) : fd_(std::move(fd)) {}
  os::UniqueFd fd_;
};

}  // namespace aisix::supervisor
