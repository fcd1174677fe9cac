#include "supervisor/process/metrics_news.h"

#include <fmt/core.h>

#include <iterator>
#include <utility>

namespace aisix::supervisor {
namespace {

using control::Message;
using control::MessageType;

Message Ended(Zone zone, uint64_t generation, os::UniqueFd totals) {
  Message message;
  message.type = MessageType::kEnded;
  message.name = ZoneName(zone);
  message.number = generation;
  message.fd = std::move(totals);
  return message;
}

Message Exits(Zone zone, std::string_view label, uint64_t count) {
  Message message;
  message.type = MessageType::kExits;
  message.name = ZoneName(zone);
  message.text = label;
  message.number = count;
  return message;
}

}  // namespace

void MetricsNews::Tell(const Message& message) const {
  const WorkerProcess* metrics = roster_.Of(Zone::kMetrics).current.get();
  if (metrics != nullptr && metrics->role == WorkerProcess::Role::kActing) send_(*metrics, message);
}

Message MetricsNews::ZoneMessage(Zone zone) const {
  const ZoneSlot& slot = roster_.Of(zone);
  Message message;
  message.type = MessageType::kZone;
  message.name = ZoneName(zone);
  message.number = slot.restarts;
  const bool up = slot.current != nullptr && slot.current->ready();
  message.text = up ? "up" : fmt::format("down: {}", slot.down_reason);
  return message;
}

void MetricsNews::OnZone(Zone zone) const {
  Tell(ZoneMessage(zone));
}

void MetricsNews::OnExit(Zone zone, std::string_view label) const {
  const auto& exits = roster_.Of(zone).exits;
  const auto found = exits.find(std::string(label));
  if (found != exits.end()) Tell(Exits(zone, label, found->second));
}

void MetricsNews::OnEnded(Zone zone, uint64_t generation, os::UniqueFd totals) {
  Message message = Ended(zone, generation, std::move(totals));
  Tell(message);
  if (message.fd.valid()) ended_.push_back(std::move(message));
}

void MetricsNews::Introduce(const WorkerProcess& metrics) const {
  for (const Message& message : ended_) send_(metrics, message);
  for (const Zone zone : kZones) {
    send_(metrics, ZoneMessage(zone));
    for (const auto& [label, count] : roster_.Of(zone).exits) send_(metrics, Exits(zone, label, count));
  }
}

void MetricsNews::OnReleased(uint64_t generation, os::UniqueFd totals) {
  if (!totals.valid()) return;
  ended_.erase(ended_.begin(), std::next(ended_.begin(), static_cast<std::ptrdiff_t>(handed_over_)));
  handed_over_ = 0;
  ended_.push_back(Ended(Zone::kMetrics, generation, std::move(totals)));
}

}  // namespace aisix::supervisor
