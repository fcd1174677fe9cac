// Every listening socket of the gateway. The supervisor binds them, keeps them for the life of the process
// and accepts on none, so that connections queue while a worker is replaced (DESIGN §1.4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/control/message.h"
#include "supervisor/listen/address.h"
#include "supervisor/listen/capabilities.h"
#include "supervisor/listen/passed_sockets.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

class Listeners {
 public:
  struct Options {
    uint32_t proxy_sockets = 1;             // per listener of the proxy
    std::vector<PassedSocket> passed = {};  // bound already, by a service manager
    BindPrivilege privilege = {};           // for the advice in errors
  };

  // Binds and listens. A listener of the proxy gets `proxy_sockets` sockets that share its port
  // (SO_REUSEPORT) when that is more than one, after a check that no other process has the address; a
  // listener whose socket was passed has that one alone, shared by all loops. Port 0: the kernel chooses.
  // CAP_NET_BIND_SERVICE is effective only within a bind() that was refused without it. An error begins with
  // the text of spec 01 §6, rows 16–18; lines with what to do follow.
  static absl::StatusOr<Listeners> Bind(const std::vector<config::ListenerSpec>& specs, Options options);

  // Goes on with the sockets() of an earlier image of this process. Every listener must have one.
  static absl::StatusOr<Listeners> Adopt(const std::vector<config::ListenerSpec>& specs,
                                         std::vector<control::Message> sockets);

  struct Bound {
    std::string name;
    std::string address;  // the real one
    bool tls = false;
    bool passed = false;  // by a service manager
  };
  const std::vector<Bound>& bound() const { return bound_; }

  // All of them, as kListener messages that own the descriptors.
  const std::vector<control::Message>& sockets() const { return sockets_; }

  // kListener messages for a worker that is about to start. First undoes what its predecessor may have done
  // to the shared sockets: shut down, or made blocking.
  absl::StatusOr<std::vector<const control::Message*>> Prepare(Zone zone) const;

 private:
  Listeners() = default;
  absl::Status BindOne(const config::ListenerSpec& spec, uint32_t count, const BindPrivilege& privilege);
  absl::Status TakePassed(const config::ListenerSpec& spec, os::UniqueFd fd);
  void Keep(const config::ListenerSpec& spec, uint64_t index, os::UniqueFd fd);

  std::vector<Bound> bound_;
  std::vector<control::Message> sockets_;
};

}  // namespace aisix::supervisor
