#include <gtest/gtest.h>

#include "lib/log/logger.h"

namespace aisix::log {
namespace {

Filter Parsed(std::string_view directives) {
  absl::StatusOr<Filter> filter = Filter::Parse(directives);
  EXPECT_TRUE(filter.ok()) << filter.status();
  return *std::move(filter);
}

TEST(Filter, ALevelHoldsForEveryTarget) {
  const Filter filter = Parsed("info");
  EXPECT_TRUE(filter.Enabled(Level::kError, "a"));
  EXPECT_TRUE(filter.Enabled(Level::kInfo, "b"));
  EXPECT_FALSE(filter.Enabled(Level::kDebug, "a"));
}

TEST(Filter, LevelsInAnyCaseAndAsNumbers) {
  EXPECT_TRUE(Parsed("DeBuG").Enabled(Level::kDebug, "a"));
  EXPECT_FALSE(Parsed("2").Enabled(Level::kInfo, "a"));
  EXPECT_TRUE(Parsed("2").Enabled(Level::kWarn, "a"));
  EXPECT_TRUE(Parsed("5").Enabled(Level::kTrace, "a"));
  EXPECT_FALSE(Parsed("0").Enabled(Level::kError, "a"));
  EXPECT_FALSE(Parsed("off").Enabled(Level::kError, "a"));
}

TEST(Filter, TheLongestTargetDecides) {
  const Filter filter = Parsed("warn, aisix_obs=off ,aisix_obs::access_log=info");
  EXPECT_TRUE(filter.Enabled(Level::kInfo, "aisix_obs::access_log"));
  EXPECT_FALSE(filter.Enabled(Level::kError, "aisix_obs::usage"));
  EXPECT_TRUE(filter.Enabled(Level::kWarn, "aisix::auth"));
  EXPECT_FALSE(filter.Enabled(Level::kInfo, "aisix::auth"));
}

TEST(Filter, TheLastOfTwoEqualTargetsCounts) {
  EXPECT_FALSE(Parsed("a=debug,a=warn").Enabled(Level::kInfo, "a"));
  EXPECT_TRUE(Parsed("warn,info").Enabled(Level::kInfo, "a"));
}

TEST(Filter, ABareWordIsATargetThatSilencesTheRest) {
  const Filter filter = Parsed("verbose");
  EXPECT_TRUE(filter.Enabled(Level::kTrace, "verbose"));
  EXPECT_FALSE(filter.Enabled(Level::kError, "aisix"));
}

TEST(Filter, NothingLogsNothing) {
  EXPECT_FALSE(Parsed("").Enabled(Level::kError, "aisix"));
  EXPECT_FALSE(Filter().Enabled(Level::kError, "aisix"));
}

TEST(Filter, InvalidDirectivesAreNamed) {
  for (const char* directive : {"a=verbose", "=info", "a=b=c", "a[b]=info", "a b"}) {
    const absl::Status status = Filter::Parse(std::string("info,") + directive).status();
    EXPECT_EQ(status.message(), std::string("invalid log filter directive \"") + directive + "\"");
  }
}

TEST(Filter, RustLogWinsWhenItIsValid) {
  const std::string debug = "debug";
  const std::string invalid = "a=nonsense";
  const std::string empty;
  EXPECT_TRUE(Filter::Choose("warn", &debug)->Enabled(Level::kDebug, "a"));
  EXPECT_FALSE(Filter::Choose("warn", nullptr)->Enabled(Level::kInfo, "a"));
  EXPECT_TRUE(Filter::Choose("warn", &invalid)->Enabled(Level::kWarn, "a"));
  EXPECT_FALSE(Filter::Choose("warn", &empty)->Enabled(Level::kError, "a"));
  EXPECT_FALSE(Filter::Choose("a=nonsense", nullptr).ok());
}

}  // namespace
}  // namespace aisix::log
