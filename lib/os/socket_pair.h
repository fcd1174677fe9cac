// Pairs of connected sockets without a name: the links between processes.
#pragma once

#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::os {

struct SocketPair {
  UniqueFd first;
  UniqueFd second;
};

// SOCK_STREAM, non-blocking (a blocking descriptor hangs gRPC), close-on-exec.
absl::StatusOr<SocketPair> CreateStreamPair();

// SOCK_SEQPACKET, non-blocking, close-on-exec: boundaries are kept, and death of the peer is seen.
absl::StatusOr<SocketPair> CreatePacketPair();

}  // namespace aisix::os
