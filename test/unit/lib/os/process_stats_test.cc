#include "lib/os/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <vector>

#include "lib/os/unique_fd.h"

namespace aisix::os {
namespace {

TEST(ProcessStats, CountsOpenFiles) {
  absl::StatusOr<std::unique_ptr<ProcessStats>> stats = ProcessStats::Open();
  ASSERT_TRUE(stats.ok()) << stats.status();
  const uint64_t before = (*stats)->Read().open_files;
  std::vector<UniqueFd> files;
  for (int i = 0; i < 5; ++i) files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ((*stats)->Read().open_files, before + 5);
  files.clear();
  EXPECT_EQ((*stats)->Read().open_files, before);
}

TEST(ProcessStats, SeesMemoryAndTime) {
  absl::StatusOr<std::unique_ptr<ProcessStats>> stats = ProcessStats::Open();
  ASSERT_TRUE(stats.ok());
  const ProcessSample before = (*stats)->Read();
  constexpr size_t kBlock = size_t{32} << 20;
  const std::vector<char> block(kBlock, 'x');
  volatile double sink = 0;
  const clock_t until = std::clock() + CLOCKS_PER_SEC / 100;
  while (std::clock() < until) sink = sink + 1;
  const ProcessSample after = (*stats)->Read();
  EXPECT_GE(after.resident_bytes, before.resident_bytes + kBlock / 2);
  EXPECT_GE(after.virtual_bytes, after.resident_bytes);
  EXPECT_GT(after.cpu_seconds, before.cpu_seconds);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(after.max_open_files, limit.rlim_cur);
  EXPECT_NEAR(after.start_time_seconds, static_cast<double>(std::time(nullptr)), 60);
}

}  // namespace
}  // namespace aisix::os
