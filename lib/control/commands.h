// What the supervisor may tell a worker that runs. Each worker fills in what concerns it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "lib/control/control_link.h"
#include "lib/control/inherit.h"
#include "lib/control/message.h"

namespace aisix::control {

// Functions that are empty ignore their message. Called by Obey, on its thread.
struct Commands {
  std::function<void(Message&)> link;  // kLink: take its descriptor
  // Files and environment of this reload are in `Inherited` already. `whole`: SIGHUP, read everything again;
  // else only files have changed. The answer goes to the supervisor: empty, or why the new files were refused
  // (and the old ones stay in use).
  std::function<std::string(bool whole)> reload;
  std::function<void()> drain;  // probes say so, connections close after their response
  std::function<uint64_t()> in_flight;
  // Stop accepting and finish what runs. `replaced`: a successor serves, so connections between requests may
  // wait for one more response.
  std::function<void(bool replaced)> release;
  std::function<void()> stop;          // exit soon
  std::function<void(Message&)> news;  // kZone, kEnded, kExits, kFigures, kMeasure: metrics only
};

// Carries out one message.
void Obey(Message& message, const ControlLink& link, Inherited& inherited, const Commands& commands);

}  // namespace aisix::control
