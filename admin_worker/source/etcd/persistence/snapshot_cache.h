// The snapshot cache on disk (spec 02 §6): what is served at a start without etcd.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "admin_worker/source/etcd/documents/observed.h"
#include "admin_worker/source/etcd/persistence/saved_snapshot.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin::etcd {

// The format. `write` receives the text in pieces and may fail.
absl::Status EncodeSnapshot(int64_t revision, const ObservedTable& table,
                            const std::function<absl::Status(std::string_view)>& write);
// INVALID_ARGUMENT says why a text is no snapshot.
absl::StatusOr<SavedSnapshot> DecodeSnapshot(std::string_view text);

// One file, reached through its directory, which is opened before the sandbox is locked. Not thread-safe.
class CacheFile {
 public:
  // Makes the directory (mode 0700) when it is missing.
  static absl::StatusOr<CacheFile> Open(const std::string& path);

  // The absolute path of the directory, for the sandbox.
  const std::string& directory() const { return directory_; }
  const std::string& path() const { return path_; }

  // NOT_FOUND: there is none. Others: it cannot be used, and why.
  absl::StatusOr<SavedSnapshot> Read() const;
  // A temporary file beside it, mode 0600, is written, synchronised and put in its place.
  absl::Status Write(int64_t revision, const ObservedTable& table) const;

 private:
  CacheFile() = default;
  std::string path_, directory_, name_, temporary_;
  os::UniqueFd directory_fd_;
};

}  // namespace aisix::admin::etcd
