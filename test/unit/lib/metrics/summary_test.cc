#include <gtest/gtest.h>

#include <cmath>

#include "lib/metrics/series.h"

namespace aisix::metrics {
namespace {

double QuantileAt(const Summary& summary, double quantile, uint64_t now_ms) {
  Sketch sketch;
  summary.AddWindow(now_ms, sketch);
  return sketch.Quantile(quantile);
}

TEST(Sketch, BucketsCoverTheirValues) {
  for (double value = 1e-6; value < 10000; value *= 1.013) {
    double middle = Sketch::Middle(Sketch::Index(value));
    EXPECT_NEAR(middle, value, value * 0.016) << value;
  }
  EXPECT_EQ(Sketch::Index(0), 0);
  EXPECT_EQ(Sketch::Index(-1), 0);
  EXPECT_EQ(Sketch::Index(std::nan("")), 0);
  EXPECT_EQ(Sketch::Index(1e-9), 0);
  EXPECT_EQ(Sketch::Index(1e9), Sketch::kOctaves * Sketch::kPerOctave - 1);
  EXPECT_EQ(Sketch::Index(INFINITY), Sketch::kOctaves * Sketch::kPerOctave - 1);
}

TEST(Summary, Quantiles) {
  Summary summary;
  for (int i = 1; i <= 1000; ++i) summary.Record(i * 0.001, 1000);
  EXPECT_EQ(QuantileAt(summary, 0, 1000), 0.001);
  EXPECT_EQ(QuantileAt(summary, 1, 1000), 1.0);
  for (double quantile : {0.5, 0.9, 0.95, 0.99, 0.999}) {
    EXPECT_NEAR(QuantileAt(summary, quantile, 1000), quantile, quantile * 0.02);
  }
  EXPECT_EQ(summary.count(), 1000u);
  EXPECT_NEAR(summary.sum(), 500.5, 1e-9);
}

TEST(Summary, OneValueIsEveryQuantile) {
  Summary summary;
  summary.Record(0.0123, 0);
  for (double quantile : kQuantiles) EXPECT_EQ(QuantileAt(summary, quantile, 0), 0.0123);
}

TEST(Summary, EmptyWindowIsZero) {
  Summary summary;
  for (double quantile : kQuantiles) EXPECT_EQ(QuantileAt(summary, quantile, 5), 0);
}

TEST(Summary, ZeroIsAValue) {
  Summary summary;
  summary.Record(0, 0);
  summary.Record(-3, 0);
  EXPECT_EQ(QuantileAt(summary, 1, 0), 0);
  summary.Record(5, 0);
  EXPECT_EQ(QuantileAt(summary, 0.5, 0), 0);
  EXPECT_EQ(summary.count(), 3u);
  EXPECT_EQ(summary.sum(), 5);
}

// Three slots of 20 s: a value is seen for at least 40 s and less than 60 s more, then only in sum and count.
TEST(Summary, TheWindowRolls) {
  Summary summary;
  summary.Record(9, 10'000);  // slot of 0 … 20 s
  EXPECT_EQ(QuantileAt(summary, 1, 59'999), 9);
  EXPECT_EQ(QuantileAt(summary, 1, 60'000), 0);
  summary.Record(1, 61'000);  // takes the old slot over
  EXPECT_EQ(QuantileAt(summary, 1, 61'000), 1);
  EXPECT_EQ(QuantileAt(summary, 0, 61'000), 1);
  summary.Record(2, 85'000);
  summary.Record(4, 105'000);
  EXPECT_EQ(QuantileAt(summary, 0, 110'000), 1);
  EXPECT_EQ(QuantileAt(summary, 1, 110'000), 4);
  EXPECT_EQ(QuantileAt(summary, 0, 125'000), 2);
  EXPECT_EQ(summary.count(), 4u);
  EXPECT_EQ(summary.sum(), 16);
}

}  // namespace
}  // namespace aisix::metrics
