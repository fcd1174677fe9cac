// What this process uses, readable behind the sandbox.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

namespace aisix::os {

struct ProcessSample {
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  double cpu_seconds = 0;  // user and system time of all threads since the start
  uint64_t open_files = 0;
  uint64_t max_open_files = 0;    // RLIMIT_NOFILE, soft
  double start_time_seconds = 0;  // since 1970
};

// Keeps files of /proc/self open. Make it while the process may still open files; every method may be called
// from any thread.
class ProcessStats {
 public:
  static absl::StatusOr<std::unique_ptr<ProcessStats>> Open();
  ~ProcessStats();
  ProcessStats(const ProcessStats&) = delete;
  ProcessStats& operator=(const ProcessStats&) = delete;

  // A value that cannot be read stays 0.
  ProcessSample Read() const;

 private:
  struct Files;
  explicit ProcessStats(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

}  // namespace aisix::os
