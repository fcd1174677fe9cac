// The memory that outlives the admin worker (DESIGN §1.4): a memfd that the supervisor holds. Two header
// slots, written in turn, say where the newest record is, so that a worker that dies while writing leaves the
// previous one readable. The memory of a record that was replaced is given back: it may hold credentials that
// were, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "lib/os/unique_fd.h"

namespace aisix::admin {

// Not thread-safe.
class StateFile {
 public:
  // An invalid descriptor: nothing is kept.
  explicit StateFile(os::UniqueFd fd);

  // The newest complete record; nullopt when there is none.
  std::optional<std::string> Read();
  absl::Status Write(std::string_view record);

 private:
  struct Slot {
    uint64_t sequence = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
    unsigned char digest[32] = {};
  };
  static constexpr uint64_t kDataStart = 4096;

  std::optional<std::string> ReadSlot(int index, Slot& slot);
  void FreeAllBut(const Slot& slot);

  os::UniqueFd fd_;
  Slot current_;  // sequence 0: none
};

}  // namespace aisix::admin
