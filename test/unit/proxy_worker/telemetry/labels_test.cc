#include "proxy_worker/telemetry/labels.h"

#include <gtest/gtest.h>

#include "proxy_worker/telemetry/request_lines.h"

namespace aisix::proxy {
namespace {

TEST(Labels, Outcome) {
  EXPECT_EQ(Outcome(200), "success");
  EXPECT_EQ(Outcome(302), "success");
  EXPECT_EQ(Outcome(429), "rate_limited");
  EXPECT_EQ(Outcome(400), "client_error");
  EXPECT_EQ(Outcome(499), "client_error");
  EXPECT_EQ(Outcome(500), "upstream_error");
  EXPECT_EQ(Outcome(101), "upstream_error");
}

TEST(Labels, StatusClass) {
  EXPECT_EQ(StatusClass(204), "2xx");
  EXPECT_EQ(StatusClass(302), "3xx");
  EXPECT_EQ(StatusClass(499), "4xx");
  EXPECT_EQ(StatusClass(504), "5xx");
  EXPECT_EQ(StatusClass(101), "other");
}

TEST(CleanText, DropsControlCharactersAndSeparatorsAndCuts) {
  EXPECT_EQ(CleanText("a\nb\tc\x7f", 10), "abc");
  EXPECT_EQ(CleanText("a\xe2\x80\xa8"
                      "b\xe2\x80\xa9"
                      "c\xc2\x85",
                      10),
            "abc");
  EXPECT_EQ(CleanText("ääää", 2), "ää");
}

}  // namespace
}  // namespace aisix::proxy
