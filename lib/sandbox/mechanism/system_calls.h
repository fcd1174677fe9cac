// Seccomp: the system calls that a zone may make (DESIGN §1.3). An allow-list: everything else kills the
// process.
#pragma once

#include "lib/sandbox/profile.h"
#include "lib/sandbox/report.h"

namespace aisix::sandbox {

// Installs the filter for all threads of the process. Needs no_new_privs; comes last, for it forbids the
// calls that the other mechanisms are made of. "absent" with the reason when the kernel does not take it.
Measure RestrictSystemCalls(const Profile& profile);

}  // namespace aisix::sandbox
