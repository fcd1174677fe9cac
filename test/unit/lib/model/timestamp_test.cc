#include "lib/model/decode/timestamp.h"

#include <gtest/gtest.h>

namespace aisix::model::decode {
namespace {

TEST(Timestamp, Accepted) {
  const absl::Time base = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z
  EXPECT_EQ(ParseTimestamp("2026-01-01T00:00:00Z"), base);
  EXPECT_EQ(ParseTimestamp("2026-01-01t00:00:00z"), base);
  EXPECT_EQ(ParseTimestamp("2026-01-01 00:00:00+00:00"), base);
  EXPECT_EQ(ParseTimestamp("2025-12-31T16:00:00-08:00"), base);
  EXPECT_EQ(ParseTimestamp("2026-01-01T00:00:00.25Z"), base + absl::Milliseconds(250));
  EXPECT_EQ(ParseTimestamp("2026-01-01T00:00:00.0000000019Z"), base + absl::Nanoseconds(1));
  EXPECT_EQ(ParseTimestamp("2025-12-31T23:59:60Z"), base);
  EXPECT_TRUE(ParseTimestamp("2024-02-29T00:00:00Z"));
}

TEST(Timestamp, Refused) {
  for (const char* text :
       {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Z ", "26-01-01T00:00:00Z", "2026-01-01T00:00Z",
        "2026-00-10T00:00:00Z"})
    EXPECT_FALSE(ParseTimestamp(text)) << text;
}

}  // namespace
}  // namespace aisix::model::decode
