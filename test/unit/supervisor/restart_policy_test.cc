#include "supervisor/process/restart_policy.h"

#include <gtest/gtest.h>

namespace aisix::supervisor {
namespace {

using std::chrono::milliseconds;

TEST(RestartPolicy, AnEssentialZoneThatNeverCameUpEndsTheProcess) {
  RestartPolicy policy(true);
  EXPECT_EQ(policy.OnDeath(std::nullopt), std::nullopt);
}

TEST(RestartPolicy, OtherZonesAreTriedForEver) {
  RestartPolicy policy(false);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(policy.OnDeath(std::nullopt), milliseconds(5000));
}

TEST(RestartPolicy, AProvenWorkerIsBackAtOnce) {
  RestartPolicy policy(true);
  policy.OnReady();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(policy.OnDeath(milliseconds(1000)), milliseconds(0));
}

TEST(RestartPolicy, EarlyDeathsBackOff) {
  RestartPolicy policy(true);
  policy.OnReady();
  for (const int expected : {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}) {
    EXPECT_EQ(policy.OnDeath(milliseconds(999)), milliseconds(expected));
  }
  EXPECT_EQ(policy.OnDeath(std::nullopt), milliseconds(5000));
}

TEST(RestartPolicy, AProvenWorkerResetsTheBackoff) {
  RestartPolicy policy(true);
  policy.OnReady();
  policy.OnDeath(std::nullopt);
  policy.OnDeath(std::nullopt);
  EXPECT_EQ(policy.OnDeath(milliseconds(60000)), milliseconds(0));
  EXPECT_EQ(policy.OnDeath(milliseconds(10)), milliseconds(50));
}

}  // namespace
}  // namespace aisix::supervisor
