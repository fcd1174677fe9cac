#include "admin_worker/source/etcd/documents/rejections.h"

#include <utility>

namespace aisix::admin::etcd {

void Rejections::Add(std::string_view key, ObservedPtr observed, int64_t now) {
  RejectedKey entry{std::string(key), std::move(observed), now, now};
  if (const auto found = by_key_.find(entry.key); found != by_key_.end()) {
    entry.first_seen = found->second->first_seen;
    list_.erase(found->second);
    by_key_.erase(found);
  }
  list_.push_back(std::move(entry));
  by_key_.emplace(list_.back().key, std::prev(list_.end()));
  if (list_.size() <= kMax) return;
  by_key_.erase(list_.front().key);
  list_.pop_front();
}

void Rejections::Remove(std::string_view key) {
  const auto found = by_key_.find(std::string(key));
  if (found == by_key_.end()) return;
  list_.erase(found->second);
  by_key_.erase(found);
}

void Rejections::TakeTimes(const Rejections& earlier) {
  for (RejectedKey& entry : list_) {
    const auto found = earlier.by_key_.find(entry.key);
    if (found != earlier.by_key_.end()) entry.first_seen = found->second->first_seen;
  }
}

void Rejections::TakeTimes(const std::map<std::string, int64_t>& first_seen) {
  for (RejectedKey& entry : list_) {
    const auto found = first_seen.find(entry.key);
    if (found != first_seen.end()) entry.first_seen = found->second;
  }
}

}  // namespace aisix::admin::etcd
