// Opening connections is another zone's work: whoever needs one asks a dialer.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "lib/async/loop.h"
#include "lib/async/task.h"
#include "lib/os/unique_fd.h"

namespace aisix::net {

// Belongs to one loop. Several dials may be under way at once.
class Dialer {
 public:
  virtual ~Dialer() = default;

  // A connected, non-blocking TCP socket. `host` is a name or an IP address without brackets. Errors, whose
  // messages are shown to callers and operators (lower case, no address in it):
  //   DEADLINE_EXCEEDED  `timeout_ms` passed (0: no limit)
  //   NOT_FOUND          the name does not resolve
  //   UNAVAILABLE        "connection refused", "no route to host", …
  //   PERMISSION_DENIED  not one of the configured destinations
  //   INTERNAL           the dialling zone cannot be reached
  virtual async::Task<absl::StatusOr<os::UniqueFd>> Dial(std::string host, uint16_t port,
                                                         uint64_t timeout_ms) = 0;
};

// Dials by itself, numeric addresses and "localhost" (127.0.0.1) only: for tests and benchmarks.
class DirectDialer : public Dialer {
 public:
  explicit DirectDialer(async::Loop& loop) : loop_(loop) {}
  async::Task<absl::StatusOr<os::UniqueFd>> Dial(std::string host, uint16_t port,
                                                 uint64_t timeout_ms) override;

 private:
  async::Loop& loop_;
};

}  // namespace aisix::net
