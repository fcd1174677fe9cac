// What a worker is born with. It opens nothing by itself: everything comes over the control socket.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/control/environment.h"
#include "lib/control/message.h"
#include "lib/control/port_set.h"
#include "lib/os/unique_fd.h"

namespace aisix::control {

// The descriptor on which a worker finds its control socket (and the bootstrap child its supervisor).
inline constexpr int kControlSocket = 3;

struct Listener {
  std::string name;    // config::ListenerSpec::name
  uint64_t index = 0;  // among the sockets of this name; 0 … n-1
  os::UniqueFd fd;  // bound, listening, non-blocking; shared with the supervisor: close it, never shutdown()
};

struct File {
  os::UniqueFd fd;    // for os::ReadAll; invalid when the file could not be opened
  std::string error;  // then: why
};

struct Link {
  std::string name;    // "config.proxy", "dial" …
  uint64_t index = 0;  // among the links of this name
  bool server = false;
  os::UniqueFd fd;
};

struct Inherited {
  std::string boot;  // this zone's part of the start-up configuration: config::Decode…Part
  Environment environment;
  std::vector<Listener> listeners;
  std::map<std::string, File, std::less<>> files;
  std::vector<Link> links;
  os::UniqueFd state;         // the admin zone's memory that outlives it; other zones: invalid
  os::UniqueFd totals;        // empty; for ipc::LeaveTotals at the orderly end
  bool standby = false;       // a predecessor acts for the zone: see AwaitActivation
  uint64_t port_news = 0;     // kBegin's number
  std::string ports;          // and its text
  std::vector<Message> news;  // metrics: kZone, kEnded, kExits, kFigures, kMeasure that came before it acts

  // The sockets of one listener in the order of their index; moved out.
  std::vector<os::UniqueFd> TakeListeners(std::string_view name);
  // The end of a link, moved out; invalid when there is none.
  os::UniqueFd TakeLink(std::string_view name, uint64_t index = 0);
  // The content of a granted file. Not granted: NOT_FOUND. Granted but not readable: UNAVAILABLE with the
  // text of the operating system.
  absl::StatusOr<std::string> ReadFile(std::string_view name) const;
};

// Puts a message of the start, or a kFile, kLink or kEnvironment that comes later, where it belongs.
// INVALID_ARGUMENT when it is of another type.
absl::Status Take(Message message, Inherited& inherited);

// Reads messages, waiting, until kBegin. UNAVAILABLE when the supervisor is gone, INVALID_ARGUMENT when a
// message does not belong into the start.
absl::StatusOr<Inherited> Inherit(int socket = kControlSocket);

// For a worker that has prepared all that can fail, before it touches what its predecessor may still write or
// publish: with `standby`, says kReady and takes messages, waiting, until kActivate; else returns at once.
// Errors as Inherit.
absl::Status AwaitActivation(Inherited& inherited, int socket = kControlSocket);

// For egress, before it locks itself: the TCP ports of the destinations. With kPortsFollow, takes messages,
// waiting, until they are told; nobody tells them: any port. Errors as Inherit.
absl::StatusOr<PortSet> AwaitPorts(Inherited& inherited, int socket = kControlSocket);

}  // namespace aisix::control
