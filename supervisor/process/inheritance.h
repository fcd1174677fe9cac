// What every new worker is given.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "lib/control/message.h"
#include "supervisor/listen/listeners.h"
#include "supervisor/process/worker_process.h"
#include "supervisor/run/granted_files.h"
#include "supervisor/start/programs.h"
#include "supervisor/start/start_parts.h"

namespace aisix::supervisor {

// Borrowed; `parts` and `files` may change between two starts.
struct Inheritance {
  const Programs& programs;
  const StartParts& parts;
  const Listeners& listeners;
  const GrantedFiles& files;
  uint32_t proxy_loops;
};

// A message that owns `fd`, or carries none (-1).
control::Message MakeMessage(control::MessageType type, int fd = -1);

// Sends `message` with a descriptor that stays with its owner.
absl::Status SendBorrowed(const WorkerProcess& worker, control::MessageType type, int fd);

// Everything from kBoot to kBegin. `more`: what only some workers get (state, links); borrowed. A worker of
// role kPrepares is told that it stands by. `begin`: the last one.
absl::Status SendInheritance(const Inheritance& inheritance, const WorkerProcess& worker,
                             const std::vector<const control::Message*>& more, const control::Message& begin);

}  // namespace aisix::supervisor
