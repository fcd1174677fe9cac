#include "lib/config/loader/available_cpus.h"

#include <sched.h>

#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

TEST(AvailableCpusTest, IsWithinTheAffinityMask) {
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  EXPECT_GE(AvailableCpus(), 1u);
  EXPECT_LE(AvailableCpus(), static_cast<uint32_t>(CPU_COUNT(&set)));
}

TEST(AvailableCpusTest, OneAllowedCpuIsOne) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(AvailableCpus(), 1u);
  sched_setaffinity(0, sizeof(before), &before);
}

TEST(AvailableCpusTest, UnifiedGroupsTakeTheLeastOfAllAncestors) {
  ScratchDirectory root;
  root.Write("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(CgroupCpuQuota("0::/a/b\n", root.path()), 0u);
  root.Write("a/cpu.max", "350000 100000\n");
  EXPECT_EQ(CgroupCpuQuota("0::/a/b\n", root.path()), 3u);
  root.Write("a/b/cpu.max", "50000 100000\n");
  EXPECT_EQ(CgroupCpuQuota("0::/a/b\n", root.path()), 1u) << "less than one CPU is still one";
  root.Write("cpu.max", "200000 100000\n");
  EXPECT_EQ(CgroupCpuQuota("0::/\n", root.path()), 2u);
  EXPECT_EQ(CgroupCpuQuota("0::/other\n", root.path()), 2u);
}

TEST(AvailableCpusTest, OldGroupsHaveTheirOwnFiles) {
  ScratchDirectory root;
  root.Write("cpu/x/cpu.cfs_quota_us", "400000\n");
  root.Write("cpu/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CgroupCpuQuota("5:memory:/x\n4:cpu,cpuacct:/x\n", root.path()), 4u);
  root.Write("cpu/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(CgroupCpuQuota("4:cpu,cpuacct:/x\n", root.path()), 0u);
}

TEST(AvailableCpusTest, NonsenseIsNoQuota) {
  ScratchDirectory root;
  root.Write("cpu.max", "x y\n");
  EXPECT_EQ(CgroupCpuQuota("0::/\n", root.path()), 0u);
  root.Write("cpu.max", "100000 0\n");
  EXPECT_EQ(CgroupCpuQuota("0::/\n", root.path()), 0u);
  EXPECT_EQ(CgroupCpuQuota("", root.path()), 0u);
}

}  // namespace
}  // namespace aisix::config
