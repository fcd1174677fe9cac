// The documents that are refused, for the status (spec 02 §4.2).
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admin_worker/source/etcd/documents/observed.h"

namespace aisix::admin::etcd {

struct RejectedKey {
  std::string key;
  ObservedPtr observed;                   // refused
  int64_t first_seen = 0, last_seen = 0;  // seconds since 1970
};

// The newest kMax of them, one per key. Not thread-safe.
class Rejections {
 public:
  static constexpr size_t kMax = 256;

  // The key was refused, perhaps again.
  void Add(std::string_view key, ObservedPtr observed, int64_t now);
  void Remove(std::string_view key);
  // Keys that `earlier` holds too were first seen then.
  void TakeTimes(const Rejections& earlier);
  // Since when keys are refused, from a saved state.
  void TakeTimes(const std::map<std::string, int64_t>& first_seen);

  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  // The oldest first.
  const std::list<RejectedKey>& list() const { return list_; }

 private:
  std::list<RejectedKey> list_;
  std::unordered_map<std::string, std::list<RejectedKey>::iterator> by_key_;
};

}  // namespace aisix::admin::etcd
