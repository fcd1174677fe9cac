#include "admin_worker/source/etcd/feed/feed.h"

#include <utility>

namespace aisix::admin::etcd {
namespace {

constexpr size_t kOverhead = 64;  // of one key or change, besides its texts

size_t SizeOf(const FeedItem& item) {
  size_t bytes = 0;
  if (const auto* page = std::get_if<LoadPage>(&item)) {
    for (const KeyValue& entry : page->entries) bytes += entry.key.size() + entry.value.size() + kOverhead;
  } else if (const auto* batch = std::get_if<Changes>(&item)) {
    for (const Change& change : batch->changes)
      bytes += change.key.size() + (change.value ? change.value->size() : 0) + kOverhead;
  }
  return bytes;
}

}  // namespace

bool Feed::Put(FeedItem item) {
  const size_t bytes = SizeOf(item);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || bytes == 0 || bytes_ == 0 || bytes_ + bytes <= max_bytes_; });
  if (closed_) return false;
  bytes_ += bytes;
  queue_.push_back({std::move(item), bytes, absl::Now()});
  changed_.notify_all();
  return true;
}

bool Feed::PutChanges(std::vector<Change> changes) {
  FeedItem item = Changes{std::move(changes)};
  const size_t bytes = SizeOf(item);
  const std::lock_guard lock(mutex_);
  if (bytes_ > 0 && bytes_ + bytes > max_bytes_) {
    ++overflows_;
    std::erase_if(queue_, [this](const Waiting& waiting) {
      if (!std::holds_alternative<Changes>(waiting.item)) return false;
      bytes_ -= waiting.bytes;
      return true;
    });
    return false;
  }
  bytes_ += bytes;
  queue_.push_back({std::move(item), bytes, absl::Now()});
  changed_.notify_all();
  return true;
}

std::vector<FeedItem> Feed::TakeAll() {
  std::vector<FeedItem> items;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  if (closed_) return items;
  for (Waiting& waiting : queue_) items.push_back(std::move(waiting.item));
  queue_.clear();
  bytes_ = 0;
  changed_.notify_all();
  return items;
}

void Feed::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  queue_.clear();
  changed_.notify_all();
}

Feed::Backlog Feed::backlog(absl::Time now) const {
  const std::lock_guard lock(mutex_);
  Backlog backlog;
  backlog.overflows = overflows_;
  for (const Waiting& waiting : queue_) {
    const auto* batch = std::get_if<Changes>(&waiting.item);
    if (batch == nullptr) continue;
    if (backlog.changes == 0) backlog.age = std::max(absl::ZeroDuration(), now - waiting.since);
    backlog.changes += batch->changes.size();
  }
  return backlog;
}

}  // namespace aisix::admin::etcd
