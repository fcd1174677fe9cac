#include "supervisor/process/descriptor_limit.h"

#include <gtest/gtest.h>

namespace aisix::supervisor {
namespace {

constexpr rlim_t kLargestMessage = 253;  // descriptors, SCM_MAX_FD

TEST(DescriptorLimit, AFloodOfOneZoneLeavesRoomForThoseWhoMustSend) {
  constexpr rlim_t kOwn = 4096;
  for (const Zone zone : {Zone::kAdmin, Zone::kMetrics, Zone::kProxy}) {
    EXPECT_LT(DescriptorLimit(zone, kOwn) + kLargestMessage, DescriptorLimit(Zone::kEgress, kOwn));
  }
  EXPECT_LT(DescriptorLimit(Zone::kEgress, kOwn) + kLargestMessage, kOwn);
}

TEST(DescriptorLimit, TakesLittle) {
  EXPECT_GE(DescriptorLimit(Zone::kProxy, 1 << 20), (1 << 20) - 2048);
  EXPECT_EQ(DescriptorLimit(Zone::kProxy, 1024), 768);
  EXPECT_EQ(DescriptorLimit(Zone::kProxy, RLIM_INFINITY), RLIM_INFINITY);
}

}  // namespace
}  // namespace aisix::supervisor
