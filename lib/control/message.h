// Messages between the supervisor and a worker (DESIGN §1.1): one SOCK_SEQPACKET packet each, with at most
// one descriptor. No gRPC: the supervisor links none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/os/unique_fd.h"

namespace aisix::control {

enum class MessageType : uint8_t {
  // supervisor -> worker, before kBegin
  kBoot = 1,     // fd: sealed memfd with this zone's part of the start-up configuration
  kEnvironment,  // fd: sealed memfd with the variables this zone may see (again after every reload)
  kState,        // fd: memfd that outlives the worker (admin only)
  kListener,     // fd, name: "proxy" | "admin" | "metrics", number: index among the sockets of that name
  kBegin,        // everything that belongs to the start was sent

  // supervisor -> worker, at the start and later
  kLink,  // fd, name: the link's name, number: index, text: "client" | "server"; replaces an older one
  kFile,  // name; fd: the opened file, or no fd and text: why it could not be opened
  kZone,  // to metrics only. name: zone, text: "up" | "down: <reason>", number: restarts so far
  // The kFile and kEnvironment messages of this reload were sent before it. text: "signal" (SIGHUP: read
  // everything again) | "files" (only the files that were just sent have changed: certificates and keys).
  kReload,
  kDrain,          // say so in probes, close connections after each response, keep accepting
  kQueryInFlight,  // answer with kInFlight
  kRelease,        // proxy: stop accepting, finish what runs, then exit 0
  kStop,           // other workers: flush and exit 0

  // worker -> supervisor
  kReady = 64,  // serving
  kFatal,       // text: why the process cannot run; the supervisor prints `Error: <text>` and ends with 1
  kInFlight,    // number
  kWantFile,    // name, text: path. Ask for a file named by dynamic configuration
};

struct Message {
  MessageType type = MessageType::kBegin;
  uint64_t number = 0;
  std::string name;  // at most 256 bytes
  std::string text;  // at most 65,000 bytes
  os::UniqueFd fd;
};

// Sends one message on a SEQPACKET socket. The descriptor is duplicated into the packet; `message` keeps its
// own. Waits at most one second for room in a full socket buffer, then DEADLINE_EXCEEDED.
absl::Status Send(int socket, const Message& message);

// Takes one message. Nothing there on a non-blocking socket: nullopt. Peer gone: UNAVAILABLE. A packet that
// is malformed or lost its descriptor (MSG_CTRUNC): INVALID_ARGUMENT.
absl::StatusOr<std::optional<Message>> Receive(int socket);

}  // namespace aisix::control
