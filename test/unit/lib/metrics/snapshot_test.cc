#include "lib/metrics/snapshot.h"

#include <gtest/gtest.h>

namespace aisix::metrics {
namespace {

TEST(Merge, JoinsFamiliesOfOneShape) {
  std::vector<Family> into{Single("rss", FamilyType::kGauge, {{"zone", "proxy"}}, 1)};
  Merge(into,
        {Single("rss", FamilyType::kGauge, {{"zone", "admin"}}, 2), Single("up", FamilyType::kGauge, {}, 3)});
  ASSERT_EQ(into.size(), 2u);
  ASSERT_EQ(into[0].samples.size(), 2u);
  EXPECT_EQ(into[0].samples[1].label_values[0], "admin");
  EXPECT_EQ(into[0].samples[1].value, 2);
  EXPECT_EQ(into[1].name, "up");
}

// A zone cannot overwrite what another one said, and cannot break the exposition by another shape.
TEST(Merge, TheFirstOneWins) {
  std::vector<Family> into{Single("rss", FamilyType::kGauge, {{"zone", "proxy"}}, 1)};
  Merge(into, {Single("rss", FamilyType::kGauge, {{"zone", "proxy"}}, 9)});
  Merge(into, {Single("rss", FamilyType::kCounter, {{"zone", "admin"}}, 9)});
  Merge(into, {Single("rss", FamilyType::kGauge, {{"other", "admin"}}, 9)});
  ASSERT_EQ(into.size(), 1u);
  ASSERT_EQ(into[0].samples.size(), 1u);
  EXPECT_EQ(into[0].samples[0].value, 1);
}

}  // namespace
}  // namespace aisix::metrics
