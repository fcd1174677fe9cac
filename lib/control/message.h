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

// A worker may be of an older build than the supervisor (SIGUSR2) and the other way round: numbers keep their
// meaning, new ones are added at the end of their half.
enum class MessageType : uint8_t {
  // supervisor -> worker, before kBegin
  kBoot = 1,     // fd: sealed memfd with this zone's part of the start-up configuration
  kEnvironment,  // fd: sealed memfd with the variables this zone may see (again after every reload)
  kState,        // fd: memfd that outlives the worker (admin only)
  kListener,     // fd, name: "proxy" | "admin" | "metrics", number: index among the sockets of that name
  // Everything that belongs to the start was sent. number: what is to be known about the TCP ports of the
  // destinations (PortNews); text: kPortsGiven: PortSet::Encode().
  kBegin,

  // supervisor -> worker, at the start and later
  // fd, name: the link's name, number: index (zone.*: the generation of the worker at the server end), text:
  // "client" | "server". A client end replaces the older one of this name and number; a server end comes in
  // addition, an older one lives until its peer closes it.
  kLink,
  kFile,  // name; fd: the opened file, or no fd and text: why it could not be opened
  kZone,  // to metrics only. name: zone, text: "up" | "down: <reason>", number: restarts so far
  // The kFile and kEnvironment messages of this reload were sent before it. text: "signal" (SIGHUP: read
  // everything again) | "files" (only the files that were just sent have changed: certificates and keys).
  // number: for the answer kReloaded; 0: none is wanted.
  kReload,
  kDrain,          // say so in probes, close connections after each response, keep accepting
  kQueryInFlight,  // answer with kInFlight
  // Stop accepting, finish what runs, hand over (kTotals), then exit 0. text: "" (the process ends: also
  // close connections that are between requests) | "replaced" (a successor serves: let them be until their
  // next response, which says `connection: close`). A zone whose successor stands by (kStandby) first stops
  // to act for its zone and says kReleased.
  kRelease,
  kStop,  // flush and exit 0

  // supervisor -> worker, planned replacement
  kTotals,    // before kBegin. fd: empty memory file for the totals that the worker leaves at its orderly end
  kStandby,   // before kBegin: a predecessor is acting; prepare, say kReady, wait for kActivate
  kActivate,  // the predecessor has let go: act
  // To metrics only. A worker is gone. name: zone, number: its generation, fd: its totals, or none when it
  // died. A starting metrics worker gets those of all former workers.
  kEnded,
  kExits,    // to metrics only. name: zone, text: reason, number: how many workers ended so
  kFigures,  // to metrics only. text: what the supervisor's process uses (EncodeFigures)
  // To metrics only. One mechanism of the supervisor's own lock. name: the mechanism, number: sandbox::State,
  // text: the reason.
  kMeasure,
  kPorts,  // to egress that was told kPortsFollow. text: PortSet::Encode()

  // worker -> supervisor
  kReady = 64,  // serving
  kFatal,       // text: why the process cannot run; the supervisor prints `Error: <text>` and ends with 1
  kInFlight,    // number
  kWantFile,    // name, text: path. Ask for a file named by dynamic configuration
  kReleased,    // after kRelease: acts for its zone no longer, its totals are complete; it still answers
                // questions
  kReloaded,    // answer to kReload, with its number. text: empty, or why the new files are refused
  kReplaceMe,   // replace this worker by a fresh one, when there is time. text: why
  // From admin that was told kPortsWanted. text: PortSet::Encode() of all destinations, before egress learns
  // of them.
  kDestinationPorts,
};

// kBegin's number.
inline constexpr uint64_t kPortsUntold = 0;  // nobody tells: to any worker of a supervisor that does not know
inline constexpr uint64_t kPortsGiven = 1;   // to egress
inline constexpr uint64_t kPortsFollow = 2;  // to egress: kPorts comes, once admin has told them
inline constexpr uint64_t kPortsWanted = 3;  // to admin: tell them

struct Message {
  MessageType type = MessageType::kBegin;
  uint64_t number = 0;
  std::string name;  // at most 256 bytes
  std::string text;  // at most 65,000 bytes
  os::UniqueFd fd;
};

// Sends one message on a SEQPACKET socket. The descriptor is duplicated into the packet; `message` keeps its
// own. Waits at most one second for room in a full socket buffer, then DEADLINE_EXCEEDED; as long while too
// many descriptors of the user are under way, then an error with that text.
absl::Status Send(int socket, const Message& message);

// Takes one message. Nothing there on a non-blocking socket: nullopt. Peer gone: UNAVAILABLE. A packet that
// is malformed or lost its descriptor (MSG_CTRUNC): INVALID_ARGUMENT.
absl::StatusOr<std::optional<Message>> Receive(int socket);

}  // namespace aisix::control
