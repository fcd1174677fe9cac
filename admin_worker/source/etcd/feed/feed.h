// What the reader of etcd hands to the thread that applies it. The reader is never held up by that thread
// while it watches: what does not fit is dropped as a whole, and read again as a full load.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "admin_worker/source/etcd/client/change.h"

namespace aisix::admin::etcd {

struct LoadBegin {};
struct LoadPage {
  std::vector<KeyValue> entries;
};
struct LoadEnd {
  int64_t revision = 0;
};
struct Changes {
  std::vector<Change> changes;
};
struct FetchFailure {
  absl::Status status;
};
using FeedItem = std::variant<LoadBegin, LoadPage, LoadEnd, Changes, FetchFailure>;

// One thread puts, one takes.
class Feed {
 public:
  // `max_bytes`: of changes that wait; pages wait for room above it.
  explicit Feed(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Waits for room for a page; false: the feed is closed.
  bool Put(FeedItem item);
  // Never waits. False: there was no room; every change that waited is dropped, and the next thing to be put
  // must be a full load.
  bool PutChanges(std::vector<Change> changes);
  // Waits; empty: the feed is closed.
  std::vector<FeedItem> TakeAll();
  void Close();

  struct Backlog {
    uint64_t changes = 0;    // that wait now
    absl::Duration age;      // of the oldest of them
    uint64_t overflows = 0;  // since the start
  };
  Backlog backlog(absl::Time now) const;

 private:
  struct Waiting {
    FeedItem item;
    size_t bytes = 0;
    absl::Time since;
  };

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> queue_;
  size_t bytes_ = 0;
  bool closed_ = false;
  uint64_t overflows_ = 0;
};

}  // namespace aisix::admin::etcd
