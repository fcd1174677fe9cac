// What a process gives up without a filter: core dumps, capabilities, and the ways to regain them.
#pragma once

#include <vector>

#include "lib/sandbox/report.h"

namespace aisix::sandbox {

// RLIMIT_CORE 0 and not dumpable: no memory of it on disk, and /proc/<pid> and ptrace are closed to other
// processes of the same user. Children inherit the limit only.
Measure ForbidCoreDumps();

// execve never gives more than the process has. For the calling thread.
Measure ForbidNewPrivileges();

// Needs CAP_SETPCAP, so it comes before EmptyCapabilitySets. Partial without it: no_new_privs makes the rest
// inert.
Measure EmptyBoundingSet();

// Permitted, effective, inheritable and ambient. For the calling thread.
Measure EmptyCapabilitySets();

// The same four as the kernel sees them in the calling thread, changing nothing: for the supervisor, which
// has measures of its own. Not closed to debuggers or not set is "absent".
std::vector<Measure> ReadPrivileges();

}  // namespace aisix::sandbox
