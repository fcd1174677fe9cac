#include "admin_worker/push/destination_ports.h"

#include <set>
#include <string>

#include "lib/url/url.h"

namespace aisix::admin {

void DestinationPorts::Update(const DestinationSet& destinations) {
  DestinationSet::ForEachDifference(
      destinations_, destinations,
      [&](const std::string& destination, const uint32_t* old, const uint32_t* now) {
        if ((old == nullptr) == (now == nullptr)) return;  // only the number of its users differs
        const absl::StatusOr<url::HostPort> endpoint = url::ParseHostPort(destination);
        if (!endpoint.ok()) return;  // egress refuses it, and says so
        if (now != nullptr) {
          ++users_[endpoint->port];
        } else if (--users_[endpoint->port] == 0) {
          users_.erase(endpoint->port);
        }
      });
  destinations_ = destinations;
}

control::PortSet DestinationPorts::ports() const {
  std::set<uint16_t> ports;
  for (const auto& [port, users] : users_) ports.insert(port);
  return control::PortSet(std::move(ports));
}

}  // namespace aisix::admin
