#include "lib/metrics/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace aisix::metrics {
namespace {

TEST(RenderText, Golden) {
  std::vector<Family> families{
      {"z_seconds", FamilyType::kSummary, {"m"}, {0, 0.5, 1}, {{{"a"}, 1.5, 3, {}, {0.1, 0.25, 1}}}},
      {"h_seconds", FamilyType::kHistogram, {"m"}, {0.005, 600}, {{{"a"}, 601.5, 4, {1, 2, 1}, {}}}},
      {"g", FamilyType::kGauge, {}, {}, {{{}, 1738310000, 0, {}, {}}}},
      {"c_total",
       FamilyType::kCounter,
       {"a", "b"},
       {},
       {{{"x\"\\\n", ""}, 1, 0, {}, {}}, {{"y", "z"}, 0.025, 0, {}, {}}}},
      {"empty_total", FamilyType::kCounter, {"a"}, {}, {}},
      {"b_total", FamilyType::kCounter, {}, {}, {{{}, 1000000, 0, {}, {}}}},
  };
  EXPECT_EQ(RenderText(families),
            "# TYPE b_total counter\n"
            "b_total 1000000\n"
            "\n"
            "# TYPE c_total counter\n"
            "c_total{a=\"x\\\"\\\\\\n\",b=\"\"} 1\n"
            "c_total{a=\"y\",b=\"z\"} 0.025\n"
            "\n"
            "# TYPE g gauge\n"
            "g 1738310000\n"
            "\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{m=\"a\",le=\"0.005\"} 1\n"
            "h_seconds_bucket{m=\"a\",le=\"600\"} 3\n"
            "h_seconds_bucket{m=\"a\",le=\"+Inf\"} 4\n"
            "h_seconds_sum{m=\"a\"} 601.5\n"
            "h_seconds_count{m=\"a\"} 4\n"
            "\n"
            "# TYPE z_seconds summary\n"
            "z_seconds{m=\"a\",quantile=\"0\"} 0.1\n"
            "z_seconds{m=\"a\",quantile=\"0.5\"} 0.25\n"
            "z_seconds{m=\"a\",quantile=\"1\"} 1\n"
            "z_seconds_sum{m=\"a\"} 1.5\n"
            "z_seconds_count{m=\"a\"} 3\n"
            "\n");
}

TEST(RenderText, NumbersHaveNoExponent) {
  auto text = [](double value) { return RenderText({Single("g", FamilyType::kGauge, {}, value)}); };
  EXPECT_EQ(text(1e21), "# TYPE g gauge\ng 1000000000000000000000\n\n");
  EXPECT_EQ(text(1e-7), "# TYPE g gauge\ng 0.0000001\n\n");
  EXPECT_EQ(text(-0.1), "# TYPE g gauge\ng -0.1\n\n");
  EXPECT_EQ(text(INFINITY), "# TYPE g gauge\ng +Inf\n\n");
  EXPECT_EQ(text(NAN), "# TYPE g gauge\ng NaN\n\n");
}

}  // namespace
}  // namespace aisix::metrics
