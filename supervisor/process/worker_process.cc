#include "supervisor/process/worker_process.h"

#include <signal.h>
#include <sys/resource.h>

#include "lib/os/memory_file.h"
#include "lib/os/socket_pair.h"
#include "supervisor/process/child.h"
#include "supervisor/process/descriptor_limit.h"

namespace aisix::supervisor {

WorkerProcess::WorkerProcess(Zone zone, uint64_t generation, pid_t pid, os::UniqueFd control,
                             os::UniqueFd totals)
    : totals(std::move(totals)),
      zone_(zone),
      generation_(generation),
      pid_(pid),
      control_(std::move(control)) {}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(Zone zone, uint64_t generation,
                                                                    const std::string& program) {
  absl::StatusOr<os::UniqueFd> totals = os::CreateMemoryFile("totals");
  if (!totals.ok()) return totals.status();
  absl::StatusOr<os::SocketPair> pair = os::CreatePacketPair();
  if (!pair.ok()) return pair.status();
  rlimit files{RLIM_INFINITY, RLIM_INFINITY};
  static_cast<void>(::getrlimit(RLIMIT_NOFILE, &files));
  ChildProgram child{program, {}, pair->second.get()};
  if (files.rlim_cur != RLIM_INFINITY) child.max_files = DescriptorLimit(zone, files.rlim_cur);
  absl::StatusOr<pid_t> pid = StartChild(child);
  if (!pid.ok()) return pid.status();
  return std::make_unique<WorkerProcess>(zone, generation, *pid, std::move(pair->first), *std::move(totals));
}

absl::Status WorkerProcess::Send(const control::Message& message) const {
  const absl::Status status = control::Send(control_.get(), message);
  if (absl::IsDeadlineExceeded(status)) Kill();
  return status;
}

void WorkerProcess::Kill() const {
  ::kill(pid_, SIGKILL);
}

std::optional<std::chrono::milliseconds> WorkerProcess::ReadyFor() const {
  if (!ready_since_) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *ready_since_);
}

}  // namespace aisix::supervisor
