// Every listening socket of the gateway. The supervisor binds them, keeps them for the life of the process
// and accepts on none, so that connections queue while a worker is replaced (DESIGN §1.4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/config/zone_config.h"
#include "lib/control/message.h"
#include "supervisor/process/zone.h"

namespace aisix::supervisor {

class Listeners {
 public:
  // Binds and listens. A listener of the proxy gets `proxy_sockets` sockets that share its port
  // (SO_REUSEPORT) when that is more than one, after a check that no other process has the address. Port 0:
  // the kernel chooses. An error is the text of spec 01 §6, rows 16–18.
  static absl::StatusOr<Listeners> Bind(const std::vector<config::ListenerSpec>& specs,
                                        uint32_t proxy_sockets);

  struct Bound {
    std::string name;
    std::string address;  // the real one
    bool tls = false;
  };
  const std::vector<Bound>& bound() const { return bound_; }

  // kListener messages for a worker that is about to start. First undoes what its predecessor may have done
  // to the shared sockets: shut down, or made blocking.
  absl::StatusOr<std::vector<const control::Message*>> Prepare(Zone zone) const;

 private:
  Listeners() = default;
  absl::Status BindOne(const config::ListenerSpec& spec, uint32_t count);

  std::vector<Bound> bound_;
  std::vector<control::Message> sockets_;
};

// The zone that accepts on a listener: "proxy", "proxy.1" … are the proxy's.
Zone ZoneOfListener(const std::string& name);

}  // namespace aisix::supervisor
