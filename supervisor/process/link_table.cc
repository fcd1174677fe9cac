#include "supervisor/process/link_table.h"

#include <utility>

#include "absl/status/statusor.h"
#include "lib/os/socket_pair.h"

namespace aisix::supervisor {
namespace {

control::Message EndOf(std::string_view name, uint64_t index, bool server, os::UniqueFd fd) {
  control::Message message;
  message.type = control::MessageType::kLink;
  message.name = name;
  message.number = index;
  message.text = server ? "server" : "client";
  message.fd = std::move(fd);
  return message;
}

}  // namespace

LinkTable::LinkTable(uint32_t proxy_loops) {
  const auto add = [this](std::string_view name, uint64_t index, Zone client, Zone server, bool packets) {
    links_.push_back({name, index, client, server, packets, os::UniqueFd(), os::UniqueFd()});
  };
  add("config.proxy", 0, Zone::kAdmin, Zone::kProxy, false);
  add("config.egress", 0, Zone::kAdmin, Zone::kEgress, false);
  add("health.proxy", 0, Zone::kAdmin, Zone::kProxy, false);
  add("zone.proxy", 0, Zone::kMetrics, Zone::kProxy, false);
  add("zone.admin", 0, Zone::kMetrics, Zone::kAdmin, false);
  add("zone.egress", 0, Zone::kMetrics, Zone::kEgress, false);
  for (uint32_t loop = 0; loop < proxy_loops; ++loop) add("dial", loop, Zone::kProxy, Zone::kEgress, true);
}

absl::Status LinkTable::Connect(Zone zone, const std::function<bool(Zone)>& is_running,
                                const Deliver& deliver, std::vector<control::Message>& own) {
  for (Link& link : links_) {
    if (link.client != zone && link.server != zone) continue;
    const bool server = link.server == zone;
    os::UniqueFd& waiting = server ? link.waiting_server : link.waiting_client;
    if (waiting.valid()) {
      own.push_back(EndOf(link.name, link.index, server, std::move(waiting)));
      continue;
    }
    absl::StatusOr<os::SocketPair> pair = link.packets ? os::CreatePacketPair() : os::CreateStreamPair();
    if (!pair.ok()) return pair.status();
    own.push_back(EndOf(link.name, link.index, server, std::move(pair->first)));
    const Zone peer = server ? link.client : link.server;
    if (is_running(peer)) {
      deliver(peer, EndOf(link.name, link.index, !server, std::move(pair->second)));
    } else {
      (server ? link.waiting_client : link.waiting_server) = std::move(pair->second);
    }
  }
  return absl::OkStatus();
}

void LinkTable::Disconnect(Zone zone) {
  for (Link& link : links_) {
    if (link.client != zone && link.server != zone) continue;
    link.waiting_client.reset();
    link.waiting_server.reset();
  }
}

}  // namespace aisix::supervisor
