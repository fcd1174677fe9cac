// What a locked zone tries at its start, so that nobody has to believe that the walls stand.
#pragma once

#include <sys/types.h>

#include <vector>

#include "lib/sandbox/profile.h"
#include "lib/sandbox/report.h"

namespace aisix::sandbox {

// Only what the lock answers with an error, and what does no harm where a wall is missing: files are opened
// and closed again, signal 0 is sent, connections go to a closed port of this host. `profile`: as it was
// locked. `supervisor`: getppid() from before the lock.
std::vector<Attempt> TryForbidden(const Profile& profile, pid_t supervisor);

}  // namespace aisix::sandbox
