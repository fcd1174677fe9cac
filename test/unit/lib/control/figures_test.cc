#include "lib/control/figures.h"

#include <gtest/gtest.h>

namespace aisix::control {
namespace {

TEST(Figures, ComeBackAsTheyWere) {
  os::ProcessSample sample;
  sample.resident_bytes = 12'345'678;
  sample.virtual_bytes = uint64_t{1} << 40;
  sample.cpu_seconds = 0.25;
  sample.open_files = 17;
  sample.max_open_files = 1'048'576;
  sample.start_time_seconds = 1764080000.125;
  const absl::StatusOr<os::ProcessSample> decoded = DecodeFigures(EncodeFigures(sample));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->resident_bytes, sample.resident_bytes);
  EXPECT_EQ(decoded->virtual_bytes, sample.virtual_bytes);
  EXPECT_EQ(decoded->cpu_seconds, sample.cpu_seconds);
  EXPECT_EQ(decoded->open_files, sample.open_files);
  EXPECT_EQ(decoded->max_open_files, sample.max_open_files);
  EXPECT_EQ(decoded->start_time_seconds, sample.start_time_seconds);
}

TEST(Figures, AnotherBuildMayKnowOthers) {
  const absl::StatusOr<os::ProcessSample> decoded = DecodeFigures("threads 1\nopen_files 3\n");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->open_files, 3u);
  EXPECT_EQ(decoded->resident_bytes, 0u);
}

TEST(Figures, NonsenseIsRefused) {
  for (const char* text : {"open_files", "open_files\n", "open_files 3", "open_files x\n", "open_files 3x\n",
                           "open_files -1\n", "\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeFigures(text).status())) << text;
  }
}

}  // namespace
}  // namespace aisix::control
