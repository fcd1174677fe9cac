// What the pushes cost, and how long a change takes to reach the zones.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lib/metrics/series.h"
#include "lib/metrics/snapshot.h"

namespace aisix::admin {

// Recorded by one thread, read by any.
class PushMetrics {
 public:
  PushMetrics() = default;
  PushMetrics(const PushMetrics&) = delete;
  PushMetrics& operator=(const PushMetrics&) = delete;

  enum class Zone : uint8_t { kProxy, kEgress };
  static std::string_view NameOf(Zone zone);

  // `zone` acknowledged a push of `items` lines and `bytes` of documents that took `duration`.
  void Pushed(Zone zone, bool full, size_t items, size_t bytes, absl::Duration duration);
  // A push to `zone` was given up.
  void Failed(Zone zone);
  // A configuration is in effect in every zone, `lag` after it was published.
  void Applied(absl::Duration lag);
  // How many documents the zones refuse now.
  void Refused(size_t documents) { refused_.store(documents, std::memory_order_relaxed); }

  void AppendMetrics(std::vector<metrics::Family>& families) const;

 private:
  struct Figures {
    metrics::Counter full, delta, items, bytes, failures;
    metrics::Summary duration;
  };
  std::array<Figures, 2> zones_;
  metrics::Summary lag_;
  std::atomic<uint64_t> refused_{0};
};

}  // namespace aisix::admin
