#include "admin_worker/api/probes.h"

#include <gtest/gtest.h>

namespace aisix::admin {
namespace {

TEST(Probes, Livez) {
  EXPECT_EQ(Livez(false, false).status, 200);
  EXPECT_EQ(Livez(false, false).body, "ok");
  EXPECT_EQ(Livez(false, true).body, "[+]ping ok\n[+]shutdown ok\nlivez check passed\n");
  EXPECT_EQ(Livez(true, false).status, 503);
  EXPECT_EQ(Livez(true, false).body, "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed");
}

TEST(Probes, Readyz) {
  EXPECT_EQ(Readyz(false, true, false).status, 200);
  EXPECT_EQ(Readyz(false, true, false).body, "ok");
  EXPECT_EQ(Readyz(false, true, true).body, "[+]shutdown ok\n[+]config ok\nreadyz check passed\n");
  EXPECT_EQ(Readyz(false, false, true).status, 503);
  EXPECT_EQ(Readyz(false, false, false).body,
            "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed");
  EXPECT_EQ(Readyz(true, true, false).body,
            "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed");
  EXPECT_EQ(Readyz(true, false, false).body,
            "[-]shutdown failed: draining\n[-]config failed: not ready\nreadyz check failed");
}

TEST(Probes, Verbose) {
  for (const char* query : {"verbose", "verbose=", "verbose=0", "a=1&verbose"})
    EXPECT_TRUE(AsksVerbose(query));
  for (const char* query : {"", "verbosed", "a=verbose", "Verbose"}) EXPECT_FALSE(AsksVerbose(query));
}

}  // namespace
}  // namespace aisix::admin
