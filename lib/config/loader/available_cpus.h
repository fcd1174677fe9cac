// How many CPUs this process may use: the default of proxy.workers (spec 01 §5.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aisix::config {

// The affinity mask and the CPU quota of the control group (v2 and v1), whichever is less; at least 1.
uint32_t AvailableCpus();

// The quota alone, in whole CPUs (at least 1); 0: there is none. `membership` is the text of
// /proc/self/cgroup, `root` where control groups are mounted.
uint32_t CgroupCpuQuota(std::string_view membership, const std::string& root);

}  // namespace aisix::config
