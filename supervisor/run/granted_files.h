// Files that the configuration names and a zone needs: opened here, handed out as descriptors, never read by
// the supervisor (DESIGN §1.2).
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/control/message.h"
#include "lib/os/unique_fd.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

class GrantedFiles {
 public:
  explicit GrantedFiles(std::vector<config::FileGrant> grants);

  // At boot. A required file that cannot be opened is an error with the text of spec 01 §5–6.
  absl::Status OpenAll();

  // Opens all again. Files that cannot be opened carry the reason in their message instead of a descriptor.
  void ReopenAll();

  // Those that a zone cannot do without, or that somebody named, and that could not be opened.
  std::vector<const control::Message*> Unreadable(Zone zone) const;
  // kFile messages for one zone, as of the last opening.
  std::vector<const control::Message*> For(Zone zone) const;

  // The same for a worker that starts: certificates and keys of the proxy as a worker could use them before,
  // whatever the files hold now. They are kept as sealed copies, which are never mapped here.
  std::vector<const control::Message*> ForStart(Zone zone) const;
  // A worker of the zone uses what For gives.
  void Confirm(Zone zone);
  // ForStart gives something else than For.
  bool IsUnconfirmed(Zone zone) const;

  // Watched files whose path leads to another file, or to other content, than when they were opened: opens
  // them again and returns their messages with the zone. What cannot be opened now is left as it was: in the
  // middle of a replacement a file may be missing for a moment. resources_file is not watched: it is read
  // again at SIGHUP only.
  struct Changed {
    Zone zone;
    const control::Message* message;
  };
  std::vector<Changed> OpenChanged();

  // Directories of the watched files.
  std::vector<std::string> WatchedDirectories() const;

 private:
  struct Identity {
    uint64_t device = 0, inode = 0, size = 0;
    int64_t modified_s = 0, modified_ns = 0;
    bool operator==(const Identity&) const = default;
  };
  struct Entry {
    config::FileGrant grant;
    Zone zone = Zone::kEgress;
    control::Message message;  // owns the descriptor
    Identity identity;
    bool kept = false;       // a certificate or key
    os::UniqueFd copy;       // of what `message` has, until it is confirmed
    control::Message good;   // owns the copy of what was confirmed last
    bool confirmed = false;  // `good` is of what `message` has
  };
  static int Open(Entry& entry);  // 0 or errno
  static void Keep(Entry& entry);
  static Identity IdentityOf(int fd);

  std::vector<Entry> entries_;
};

}  // namespace aisix::supervisor
