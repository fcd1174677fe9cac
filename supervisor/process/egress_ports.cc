#include "supervisor/process/egress_ports.h"

#include "supervisor/process/inheritance.h"

namespace aisix::supervisor {

using control::Message;
using control::MessageType;

Message EgressPorts::Begin(WorkerProcess& worker) const {
  Message begin = MakeMessage(MessageType::kBegin);
  if (worker.zone() == Zone::kAdmin) begin.number = control::kPortsWanted;
  if (worker.zone() != Zone::kEgress) return begin;
  worker.ports = known_;
  begin.number = known_ ? control::kPortsGiven : control::kPortsFollow;
  if (known_) begin.text = known_->Encode();
  return begin;
}

std::optional<Message> EgressPorts::News(WorkerProcess& egress) const {
  if (egress.ports || !known_) return std::nullopt;
  egress.ports = known_;
  Message news = MakeMessage(MessageType::kPorts);
  news.text = known_->Encode();
  return news;
}

bool EgressPorts::IsTooNarrow(const WorkerProcess& egress) const {
  return egress.ports && known_ && !egress.ports->Includes(*known_);
}

}  // namespace aisix::supervisor
