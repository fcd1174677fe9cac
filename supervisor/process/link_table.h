// Who is connected with whom (DESIGN §1.1), and the ends of those connections that nobody has taken yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/control/message.h"
#include "lib/os/unique_fd.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

class LinkTable {
 public:
  // Gives a kLink message to a worker that runs. The descriptor goes with it.
  using Deliver = std::function<void(Zone, control::Message)>;

  // `proxy_loops`: how many links for dialling there are.
  explicit LinkTable(uint32_t proxy_loops);

  // For a worker that is being started: makes a pair for each of its links, unless its end of one waits here
  // already. Appends its ends to `own` as kLink messages; the other ends go to running peers, and are kept
  // for those that do not run.
  absl::Status Connect(Zone zone, const std::function<bool(Zone)>& is_running, const Deliver& deliver,
                       std::vector<control::Message>& own);

  // The worker died: what waited on either side of its links is worth nothing now.
  void Disconnect(Zone zone);

 private:
  struct Link {
    std::string_view name;
    uint64_t index;
    Zone client;
    Zone server;
    bool packets;  // SOCK_SEQPACKET, else SOCK_STREAM
    // At most one of them is held: the end of a worker that has not been started.
    os::UniqueFd waiting_client;
    os::UniqueFd waiting_server;
  };
  std::vector<Link> links_;
};

}  // namespace aisix::supervisor
