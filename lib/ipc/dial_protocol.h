// Messages of a dial link (DESIGN §1.1): one SOCK_SEQPACKET packet each. A request names a destination, the
// reply carries the connected socket or the reason why there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::ipc {

inline constexpr size_t kMaxDialText = 512;

enum class DialOutcome : uint8_t {
  kConnected = 0,
  kNotConfigured,  // the destination is not in the list
  kDenied,         // the address is one that may never be dialled
  kNotResolved,    // the name has no address
  kConnectFailed,  // every address refused or was unreachable
  kTimedOut,       // the deadline passed
  kOverloaded,     // too many dials at once
  kBadRequest,     // not a canonical host:port
};

struct DialRequest {
  uint64_t id = 0;          // chosen by the client, unique among its outstanding dials
  uint32_t timeout_ms = 0;  // from the arrival at the server; 0: the server's own limit
  bool cancel = false;      // the client no longer wants the answer of dial `id`
  std::string destination;  // canonical host:port, at most kMaxDialText bytes
};

struct DialReply {
  uint64_t id = 0;
  DialOutcome outcome = DialOutcome::kConnected;
  std::string reason;  // for people: lower case, no address in it; empty when connected; cut to kMaxDialText
  os::UniqueFd fd;     // connected
};

// The socket (or the limit of descriptors in flight, which the peer lowers by receiving) is full:
// RESOURCE_EXHAUSTED, try again later. Peer gone: UNAVAILABLE.
absl::Status SendDialRequest(int socket, const DialRequest& request);
absl::Status SendDialReply(int socket, const DialReply& reply);

// Nothing there: nullopt. Peer gone: UNAVAILABLE. Malformed: INVALID_ARGUMENT (the link is of no use any
// more). A connected reply whose descriptor was lost, because this process is at its limit of open files,
// arrives as kConnectFailed.
absl::StatusOr<std::optional<DialRequest>> ReceiveDialRequest(int socket);
absl::StatusOr<std::optional<DialReply>> ReceiveDialReply(int socket);

// A refusal as net::Dialer promises it: not configured or denied: PERMISSION_DENIED; not resolved: NOT_FOUND;
// timed out: DEADLINE_EXCEEDED; bad request: INVALID_ARGUMENT; everything else: UNAVAILABLE.
absl::Status RefusalStatus(DialOutcome outcome, std::string_view reason);

}  // namespace aisix::ipc
