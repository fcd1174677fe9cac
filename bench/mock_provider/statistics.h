// What the mock provider has seen, shared by its workers; read by GET /mock/stats and /mock/requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "bench/mock_provider/http_head.h"

namespace aisix::mock {

struct Counters {
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> streams{0};
  std::atomic<uint64_t> completed{0};
  std::atomic<uint64_t> cancelled{0};          // the peer went away before the reply was complete
  std::atomic<uint64_t> cancelled_streams{0};  // of those, streams
  std::atomic<uint64_t> bytes_sent{0};
  std::atomic<uint64_t> accepted_connections{0};
  std::atomic<int64_t> open_connections{0};
  std::atomic<int64_t> active_requests{0};
};

class Statistics {
 public:
  // `record`: keep the latest requests (a lock and a copy per request).
  explicit Statistics(bool record) : record_(record) {}

  Counters& counters() { return counters_; }
  uint64_t NextSerial() { return serial_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // How often `key` was seen before; counts this one.
  int64_t SeenBefore(const std::string& key);

  void Record(const Request& request);
  std::string CountersJson() const;
  // The kept requests, oldest first; with `id`, only those whose x-aisix-request-id is `id`.
  std::string RequestsJson(std::string_view id) const;
  void Reset();

 private:
  static constexpr size_t kKept = 64;
  static constexpr size_t kKeptBody = 256 * 1024;

  const bool record_;
  Counters counters_;
  std::atomic<uint64_t> serial_{0};
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> seen_;
  std::deque<std::pair<std::string, std::string>> kept_;  // request id, JSON
};

}  // namespace aisix::mock
