#include "lib/os/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "lib/os/error.h"
#include "lib/os/unique_fd.h"

namespace aisix::os {

struct ProcessStats::Files {
  UniqueFd memory;             // /proc/self/statm
  DIR* directory = nullptr;    // /proc/self/fd
  std::mutex directory_mutex;  // a directory stream has one position
  double start_time_seconds = 0;

  ~Files() {
    if (directory != nullptr) ::closedir(directory);
  }
};

namespace {

double Seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

ProcessStats::ProcessStats(std::unique_ptr<Files> files) : files_(std::move(files)) {}
ProcessStats::~ProcessStats() = default;

absl::StatusOr<std::unique_ptr<ProcessStats>> ProcessStats::Open() {
  auto files = std::make_unique<Files>();
  files->memory = UniqueFd(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!files->memory.valid()) return ErrorStatus(errno, "/proc/self/statm");
  files->directory = ::opendir("/proc/self/fd");
  if (files->directory == nullptr) return ErrorStatus(errno, "/proc/self/fd");
  files->start_time_seconds = Seconds(CLOCK_REALTIME);
  return std::unique_ptr<ProcessStats>(new ProcessStats(std::move(files)));
}

ProcessSample ProcessStats::Read() const {
  ProcessSample sample;
  char text[128];
  const ssize_t count = ::pread(files_->memory.get(), text, sizeof(text) - 1, 0);
  if (count > 0) {
    text[count] = '\0';
    unsigned long long virtual_pages = 0;
    unsigned long long resident_pages = 0;
    if (std::sscanf(text, "%llu %llu", &virtual_pages, &resident_pages) == 2) {
      const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
      sample.virtual_bytes = virtual_pages * page;
      sample.resident_bytes = resident_pages * page;
    }
  }
  {
    std::lock_guard lock(files_->directory_mutex);
    ::rewinddir(files_->directory);
    while (const dirent* entry = ::readdir(files_->directory)) {
      if (entry->d_name[0] != '.') ++sample.open_files;
    }
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) sample.max_open_files = limit.rlim_cur;
  sample.cpu_seconds = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  sample.start_time_seconds = files_->start_time_seconds;
  return sample;
}

}  // namespace aisix::os
