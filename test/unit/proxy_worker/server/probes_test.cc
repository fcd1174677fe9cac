#include "proxy_worker/server/probes.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

TEST(Probes, Liveness) {
  EXPECT_EQ(Liveness(false, false).status, 200);
  EXPECT_EQ(Liveness(false, false).body, "ok");
  EXPECT_EQ(Liveness(false, true).body, "[+]ping ok\n[+]shutdown ok\nlivez check passed\n");
  EXPECT_EQ(Liveness(true, false).status, 503);
  EXPECT_EQ(Liveness(true, false).body,
            "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed");
}

TEST(Probes, Readiness) {
  EXPECT_EQ(Readiness(false, true, false).body, "ok");
  EXPECT_EQ(Readiness(false, true, true).body, "[+]shutdown ok\n[+]config ok\nreadyz check passed\n");
  EXPECT_EQ(Readiness(false, false, false).status, 503);
  EXPECT_EQ(Readiness(false, false, true).body,
            "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed");
  EXPECT_EQ(Readiness(true, true, false).body,
            "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed");
  EXPECT_EQ(Readiness(true, false, false).body,
            "[-]shutdown failed: draining\n[-]config failed: not ready\nreadyz check failed");
}

TEST(Probes, ThePresenceOfTheParameterIsEnough) {
  EXPECT_TRUE(AsksForDetails("verbose"));
  EXPECT_TRUE(AsksForDetails("verbose=0"));
  EXPECT_TRUE(AsksForDetails("a=1&verbose"));
  EXPECT_FALSE(AsksForDetails(""));
  EXPECT_FALSE(AsksForDetails("verbosely"));
  EXPECT_FALSE(AsksForDetails("a=verbose"));
}

}  // namespace
}  // namespace aisix::proxy
