// The values behind one combination of labels. Each is written by one thread with plain atomic stores and may
// be read by any other.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/types/span.h"

namespace aisix::metrics {

// Monotonic time in milliseconds, the same clock as Loop::NowMs().
uint64_t MonotonicMs();

class Counter {
 public:
  void Add(uint64_t increment = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + increment, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void Add(double change) {
    value_.store(value_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
  void Set(double value);
  double value() const { return value_.load(std::memory_order_relaxed); }
  // When Set was called last, in nanoseconds of the monotonic clock; 0: never.
  uint64_t set_at() const { return set_at_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
  std::atomic<uint64_t> set_at_{0};
};

// Counts of values per bucket. `edges` is borrowed from the registry.
class Histogram {
 public:
  explicit Histogram(absl::Span<const double> edges)
      : edges_(edges), buckets_(std::make_unique<std::atomic<uint64_t>[]>(edges.size() + 1)) {}

  void Record(double value);
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  // Not cumulative; one more than edges.
  uint64_t bucket(size_t index) const { return buckets_[index].load(std::memory_order_relaxed); }
  size_t bucket_count() const { return edges_.size() + 1; }

 private:
  absl::Span<const double> edges_;
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

// The quantiles every summary shows (spec 11 §5).
inline constexpr std::array<double, 7> kQuantiles{0, 0.5, 0.9, 0.95, 0.99, 0.999, 1};

// Counts of values in logarithmic buckets: 32 per octave between 2^-20 (1 µs) and 2^14 (4.5 h), so that a
// quantile is off by at most 1.6 %. Used to merge the slots of several shards.
class Sketch {
 public:
  static constexpr int kOctaves = 34;
  static constexpr int kPerOctave = 32;
  static constexpr int kLowestExponent = -20;

  // Which bucket holds a value; what lies outside goes to the first or last one.
  static int Index(double value);
  // The value that stands for a bucket.
  static double Middle(int index);

  void Add(int index, uint64_t count);
  void AddRange(double minimum, double maximum);
  uint64_t count() const { return count_; }
  // 0 when empty. Exact for 0 and 1.
  double Quantile(double quantile) const;

 private:
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(kOctaves * kPerOctave);
  uint64_t count_ = 0;
  double minimum_ = std::numeric_limits<double>::infinity();
  double maximum_ = -std::numeric_limits<double>::infinity();
};

// Sum and count for ever, and a sketch of the last 60 s in three slots of 20 s. Recording is O(1); memory
// is bounded: an octave is allocated when the first value falls into it.
class Summary {
 public:
  static constexpr uint64_t kSlotMs = 20000;
  static constexpr size_t kSlots = 3;

  Summary() = default;
  ~Summary();
  Summary(const Summary&) = delete;
  Summary& operator=(const Summary&) = delete;

  // `now_ms`: monotonic milliseconds. A value below 0 counts as 0.
  void Record(double value, uint64_t now_ms);
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  // Adds what the window holds at `now_ms`. Any thread.
  void AddWindow(uint64_t now_ms, Sketch& sketch) const;

 private:
  struct Octave {
    std::array<std::array<std::atomic<uint32_t>, Sketch::kPerOctave>, kSlots> counts{};
  };
  struct Slot {
    std::atomic<uint64_t> period{0};  // now / kSlotMs + 1; 0: empty or being cleared
    std::atomic<double> minimum{0};
    std::atomic<double> maximum{0};
  };
  void Clear(size_t slot);

  std::atomic<double> sum_{0};
  std::atomic<uint64_t> count_{0};
  std::array<Slot, kSlots> slots_{};
  std::array<std::atomic<Octave*>, Sketch::kOctaves> octaves_{};
};

}  // namespace aisix::metrics
