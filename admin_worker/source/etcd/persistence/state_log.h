// The memory that outlives the admin worker (DESIGN §1.4), as a log: a complete image and the changes since.
// A change costs what it changes, whatever the size of the whole; the image is written anew, beside the old
// one, when the changes outgrow it.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "admin_worker/source/etcd/documents/observed.h"
#include "admin_worker/source/etcd/persistence/saved_snapshot.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin::etcd {

// Texts of records; a batch of them takes effect at once.
void AppendRecord(std::string& batch, std::string_view key,
                  const Observed* observed);  // null: the key is gone
void AppendRevision(std::string& batch, int64_t revision);
void AppendStatus(std::string& batch, std::string_view status);

// Any thread. While an admin worker is replaced on purpose, two of them write: each in places of its own, and
// what the newer one wrote counts.
class StateLog {
 public:
  // A memory file; an invalid descriptor: nothing is kept.
  explicit StateLog(os::UniqueFd fd);

  // What an earlier worker left; nullopt: nothing, or something of another version. Call it first; after a
  // result, Rewrite what came of it before anything is appended.
  std::optional<SavedSnapshot> Read();
  // A worker that dies in here leaves the batch out.
  absl::Status Append(std::string_view batch);

  // The changes have outgrown the image.
  bool wants_rewrite() const;
  struct Image {
    int64_t revision = 0;
    ObservedTable table;
    std::string status;
  };
  // Writes a new image. `image` is asked for once batches that come meanwhile are gathered, to be added: it
  // must hold what every earlier batch led to. One thread at a time.
  absl::Status Rewrite(const std::function<Image()>& image);

 private:
  struct Slot {
    uint64_t version = 0;
    uint64_t generation = 1;  // of workers
    uint64_t sequence = 0;
    uint64_t begin = 0, length = 0;  // begin 0: no image yet
    unsigned char digest[32] = {};   // of the members above
  };
  absl::Status Commit(Slot next);
  std::optional<Slot> ReadSlot(int index) const;

  const os::UniqueFd fd_;
  mutable std::mutex mutex_;
  Slot current_;             // guarded by mutex_, as all below
  uint64_t image_size_ = 0;  // of current_
  bool rewriting_ = false;
  std::string meanwhile_;  // batches since a rewrite began
};

}  // namespace aisix::admin::etcd
