// The life of a dial: is the destination configured, which addresses has it, may they be dialled, which one
// answers. The socket is handed over unused: no byte of it is read or written here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "egress_worker/address_rules.h"
#include "egress_worker/connector.h"
#include "egress_worker/destination_list.h"
#include "egress_worker/dial_log.h"
#include "egress_worker/dial_metrics.h"
#include "lib/control/port_set.h"
#include "lib/dns/resolver.h"
#include "lib/ipc/dial_server.h"
#include "lib/net/network.h"

namespace aisix::egress {

struct DialOptions {
  ConnectOptions connect;
  uint64_t timeout_ms = 5000;  // of a dial whose client names none; 0: none
  // A class of destinations of its own: addresses that Redis may name, which no configuration lists. Those in
  // a denied network stay denied.
  std::vector<net::Network> redis_networks;
  // Those that this process may connect to. A dial to another port that is configured waits: this worker is
  // about to be replaced by one that may.
  control::PortSet ports = control::PortSet::Any();
};

// Loop thread only. Everything passed in is borrowed.
class DialService : public ipc::DialHandler {
 public:
  DialService(async::Loop& loop, const DestinationList& destinations, const AddressRules& rules,
              dns::Resolver& resolver, DialOptions options, DialMetrics& metrics, log::Logger& logger);
  ~DialService() override;

  // Where answers go; before the first dial. The server is made after this object and goes before it.
  void SetServer(ipc::DialServer* server) { server_ = server; }

  // A push was applied. Dials that came before the first one waited for it: a restarted egress knows no
  // destination for a moment, and a refusal then would be wrong.
  void OnConfigured();

  void OnDial(const ipc::DialTicket& ticket, const ipc::DialRequest& request) override;
  void OnCancel(const ipc::DialTicket& ticket) override;

  size_t outstanding() const { return dials_.size(); }

 private:
  struct Dial;

  bool IsRedisPeer(const Dial& dial) const;
  void Admit(Dial& dial);
  void Resolve(Dial& dial, bool again);
  void OnResolved(ipc::DialTicket ticket, const dns::Result& result);
  void OnConnected(ipc::DialTicket ticket, absl::StatusOr<os::UniqueFd> result);
  void Refuse(ipc::DialTicket ticket, ipc::DialOutcome outcome, std::string_view reason);
  void Forget(ipc::DialTicket ticket, std::string_view outcome);
  static void OnTimeout(void* dial);

  async::Loop& loop_;
  const DestinationList& destinations_;
  const AddressRules& rules_;
  dns::Resolver& resolver_;
  DialOptions options_;
  DialMetrics& metrics_;
  DialLog log_;
  ipc::DialServer* server_ = nullptr;
  // Results of the resolver that come after this object went find it gone.
  std::shared_ptr<DialService*> self_ = std::make_shared<DialService*>(this);
  absl::flat_hash_map<ipc::DialTicket, std::unique_ptr<Dial>> dials_;
};

}  // namespace aisix::egress
