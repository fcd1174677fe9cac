#include "lib/metrics/series.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace aisix::metrics {
namespace {

uint64_t MonotonicNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

}  // namespace

uint64_t MonotonicMs() {
  return MonotonicNs() / 1000000;
}

void Gauge::Set(double value) {
  value_.store(value, std::memory_order_relaxed);
  set_at_.store(MonotonicNs(), std::memory_order_relaxed);
}

void Histogram::Record(double value) {
  size_t index = std::lower_bound(edges_.begin(), edges_.end(), value) - edges_.begin();
  std::atomic<uint64_t>& bucket = buckets_[index];
  bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

// The exponent and the five highest bits of the mantissa are the bucket: no logarithm is computed.
int Sketch::Index(double value) {
  constexpr int kBias = 1023;
  constexpr int kMantissaBits = 52;
  constexpr int kSubBits = 5;
  static_assert(1 << kSubBits == kPerOctave);
  if (!(value > 0)) return 0;
  auto bits = std::bit_cast<uint64_t>(value);
  int exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  if (exponent < kLowestExponent) return 0;
  if (exponent >= kLowestExponent + kOctaves) return kOctaves * kPerOctave - 1;
  int sub = static_cast<int>((bits >> (kMantissaBits - kSubBits)) & (kPerOctave - 1));
  return (exponent - kLowestExponent) * kPerOctave + sub;
}

double Sketch::Middle(int index) {
  double fraction = 1.0 + (index % kPerOctave + 0.5) / kPerOctave;
  return std::ldexp(fraction, kLowestExponent + index / kPerOctave);
}

void Sketch::Add(int index, uint64_t count) {
  counts_[index] += count;
  count_ += count;
}

void Sketch::AddRange(double minimum, double maximum) {
  minimum_ = std::min(minimum_, minimum);
  maximum_ = std::max(maximum_, maximum);
}

double Sketch::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  if (quantile <= 0) return minimum_;
  if (quantile >= 1) return maximum_;
  auto rank = static_cast<uint64_t>(quantile * static_cast<double>(count_ - 1));
  uint64_t seen = 0;
  for (size_t index = 0; index < counts_.size(); ++index) {
    seen += counts_[index];
    if (seen <= rank) continue;
    // The first bucket holds everything down to 0: its middle would be a wrong microsecond.
    return index == 0 ? minimum_ : std::clamp(Middle(static_cast<int>(index)), minimum_, maximum_);
  }
  return maximum_;
}

Summary::~Summary() {
  for (std::atomic<Octave*>& octave : octaves_) delete octave.load(std::memory_order_relaxed);
}

void Summary::Clear(size_t slot) {
  for (std::atomic<Octave*>& entry : octaves_) {
    Octave* octave = entry.load(std::memory_order_relaxed);
    if (octave == nullptr) continue;
    for (std::atomic<uint32_t>& count : octave->counts[slot]) count.store(0, std::memory_order_relaxed);
  }
  slots_[slot].minimum.store(std::numeric_limits<double>::infinity(), std::memory_order_relaxed);
  slots_[slot].maximum.store(0, std::memory_order_relaxed);
}

void Summary::Record(double value, uint64_t now_ms) {
  if (!(value > 0)) value = 0;
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);

  uint64_t period = now_ms / kSlotMs + 1;
  size_t index = period % kSlots;
  Slot& slot = slots_[index];
  if (slot.period.load(std::memory_order_relaxed) != period) {
    // A reader that meets the slot in between sees 0, or sees that the period changed under it.
    slot.period.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    Clear(index);
    slot.period.store(period, std::memory_order_release);
  }
  int bucket = Sketch::Index(value);
  std::atomic<Octave*>& entry = octaves_[bucket / Sketch::kPerOctave];
  Octave* octave = entry.load(std::memory_order_relaxed);
  if (octave == nullptr) {
    octave = new Octave();
    entry.store(octave, std::memory_order_release);
  }
  std::atomic<uint32_t>& count = octave->counts[index][bucket % Sketch::kPerOctave];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (value < slot.minimum.load(std::memory_order_relaxed)) {
    slot.minimum.store(value, std::memory_order_relaxed);
  }
  if (value > slot.maximum.load(std::memory_order_relaxed)) {
    slot.maximum.store(value, std::memory_order_relaxed);
  }
}

void Summary::AddWindow(uint64_t now_ms, Sketch& sketch) const {
  uint64_t current = now_ms / kSlotMs + 1;
  std::array<uint64_t, size_t{Sketch::kOctaves} * Sketch::kPerOctave> counts;
  for (size_t index = 0; index < kSlots; ++index) {
    const Slot& slot = slots_[index];
    uint64_t period = slot.period.load(std::memory_order_acquire);
    // Recorders may read the clock a little later than the collector did.
    if (period == 0 || period + kSlots <= current || period > current + 1) continue;
    counts.fill(0);
    for (size_t octave = 0; octave < octaves_.size(); ++octave) {
      const Octave* entry = octaves_[octave].load(std::memory_order_acquire);
      if (entry == nullptr) continue;
      for (size_t sub = 0; sub < Sketch::kPerOctave; ++sub) {
        counts[octave * Sketch::kPerOctave + sub] = entry->counts[index][sub].load(std::memory_order_relaxed);
      }
    }
    double minimum = slot.minimum.load(std::memory_order_relaxed);
    double maximum = slot.maximum.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.period.load(std::memory_order_relaxed) != period) continue;  // cleared meanwhile
    bool any = false;
    for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
      if (counts[bucket] == 0) continue;
      sketch.Add(static_cast<int>(bucket), counts[bucket]);
      any = true;
    }
    if (any) sketch.AddRange(minimum, std::max(maximum, 0.0));
  }
}

}  // namespace aisix::metrics
