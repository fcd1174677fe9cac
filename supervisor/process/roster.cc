#include "supervisor/process/roster.h"

namespace aisix::supervisor {
namespace {

// One that stands by has no links yet.
bool IsConnected(const WorkerProcess& worker) {
  return worker.role == WorkerProcess::Role::kActing || worker.role == WorkerProcess::Role::kReleased;
}

}  // namespace

std::vector<WorkerProcess*> Roster::All(Zone zone) const {
  const ZoneSlot& slot = Of(zone);
  std::vector<WorkerProcess*> workers;
  if (slot.current != nullptr) workers.push_back(slot.current.get());
  if (slot.successor != nullptr) workers.push_back(slot.successor.get());
  for (const std::unique_ptr<WorkerProcess>& worker : slot.retiring) workers.push_back(worker.get());
  return workers;
}

std::vector<WorkerProcess*> Roster::All() const {
  std::vector<WorkerProcess*> workers;
  for (const Zone zone : kZones) {
    for (WorkerProcess* worker : All(zone)) workers.push_back(worker);
  }
  return workers;
}

WorkerProcess* Roster::Find(uint64_t generation) const {
  for (WorkerProcess* worker : All()) {
    if (worker->generation() == generation) return worker;
  }
  return nullptr;
}

WorkerProcess* Roster::FindProcess(pid_t pid) const {
  for (WorkerProcess* worker : All()) {
    if (worker->pid() == pid) return worker;
  }
  return nullptr;
}

Population Roster::population() const {
  Population population;
  for (const Zone zone : kZones) {
    const ZoneSlot& slot = Of(zone);
    ZonePopulation& counted = population[static_cast<size_t>(zone)];
    if (slot.current != nullptr && IsConnected(*slot.current)) counted.current = slot.current->generation();
    if (slot.successor != nullptr && IsConnected(*slot.successor)) {
      counted.successor = slot.successor->generation();
    }
    for (const std::unique_ptr<WorkerProcess>& worker : slot.retiring) {
      counted.retiring.push_back(worker->generation());
    }
  }
  return population;
}

}  // namespace aisix::supervisor
