// How many files a worker may have open, so that no zone can keep the others from passing descriptors.
#pragma once

#include <sys/resource.h>

#include "supervisor/process/zone.h"

namespace aisix::supervisor {

// Descriptors that were sent over sockets and not received yet count together for all processes of a user;
// who finds more of them than its own limit of open files may send none. So a zone that sends as many as it
// can, to a peer that does not read, stops itself, but must not stop egress, which hands out connections, nor
// the supervisor, which starts workers: those have more. `own`: the limit of this process.
rlim_t DescriptorLimit(Zone zone, rlim_t own);

}  // namespace aisix::supervisor
