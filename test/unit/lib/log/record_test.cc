#include "lib/log/record.h"

#include <gtest/gtest.h>

namespace aisix::log {
namespace {

// 2026-01-31T08:15:30.123456Z
constexpr int64_t kTime = 1769847330123456;

std::string Line(const Record& record, bool colour = false) {
  std::string line;
  AppendRecord(line, record, colour);
  return line;
}

TEST(Record, HasTheLayoutOfTheSpecification) {
  const std::string line =
      Line({kTime,
            Level::kInfo,
            "aisix_obs::access_log",
            "proxy request completed",
            {{"method", "POST"}, {"status", int64_t{200}}, {"provider", Display{"openai"}}, {"stream", true}},
            "6f0c"});
  EXPECT_EQ(
      line,
      "2026-01-31T08:15:30.123456Z  INFO request{request_id=6f0c}: aisix_obs::access_log: proxy request "
      "completed method=\"POST\" status=200 provider=openai stream=true");
}

TEST(Record, LevelsAreRightAligned) {
  EXPECT_EQ(Line({kTime, Level::kError, "t", "m", {}, {}}), "2026-01-31T08:15:30.123456Z ERROR t: m");
  EXPECT_EQ(Line({kTime, Level::kWarn, "t", "m", {}, {}}), "2026-01-31T08:15:30.123456Z  WARN t: m");
}

TEST(Record, DatesAreRightAcrossLeapDays) {
  const auto date = [](int64_t seconds) {
    return Line({seconds * 1000000, Level::kInfo, "t", "m", {}, {}}).substr(0, 19);
  };
  EXPECT_EQ(date(0), "1970-01-01T00:00:00");
  EXPECT_EQ(date(951782399), "2000-02-28T23:59:59");
  EXPECT_EQ(date(951782400), "2000-02-29T00:00:00");
  EXPECT_EQ(date(1709251199), "2024-02-29T23:59:59");
  EXPECT_EQ(date(1709251200), "2024-03-01T00:00:00");
  EXPECT_EQ(date(4107542400), "2100-03-01T00:00:00");
}

TEST(Record, StringsAreQuotedAndEscaped) {
  EXPECT_EQ(Line({kTime, Level::kInfo, "t", "m", {{"v", "a\"b\\c\nd\x1b"}}, {}}).substr(27),
            R"(  INFO t: m v="a\"b\\c\nd\u{1b}")");
}

TEST(Record, NothingFromOutsideStartsALine) {
  const std::string line =
      Line({kTime, Level::kInfo, "t", "first\nsecond", {{"v", Display{"x\ny"}}}, "id\n"});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.substr(27), R"(  INFO request{request_id=id\n}: t: first\nsecond v=x\ny)");
}

TEST(Record, NumbersAreBare) {
  EXPECT_EQ(Line({kTime,
                  Level::kInfo,
                  "t",
                  "m",
                  {{"a", int64_t{-1}}, {"b", uint64_t{7}}, {"c", 0.25}, {"d", 2.0}},
                  {}})
                .substr(27),
            "  INFO t: m a=-1 b=7 c=0.25 d=2.0");
}

TEST(Record, ColoursOnlyOnRequest) {
  const Record record{kTime, Level::kInfo, "t", "m", {{"a", int64_t{1}}}, {}};
  EXPECT_EQ(Line(record).find('\x1b'), std::string::npos);
  EXPECT_NE(Line(record, true).find("\x1b[32m INFO\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace aisix::log
