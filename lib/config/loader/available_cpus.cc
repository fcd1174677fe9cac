#include "lib/config/loader/available_cpus.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

constexpr int kMaxCpus = 8192;

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

uint32_t Least(uint32_t quota, std::optional<uint64_t> limit, std::optional<uint64_t> period) {
  if (!limit || !period || *period == 0) return quota;
  auto cpus = static_cast<uint32_t>(std::clamp<uint64_t>(*limit / *period, 1, kMaxCpus));
  return quota == 0 ? cpus : std::min(quota, cpus);
}

// A quota counts for everything below the group that has it, so that every ancestor is asked.
template <typename Ask>
void ForEachAncestor(std::string group, Ask ask) {
  while (true) {
    ask(group);
    size_t slash = group.rfind('/');
    if (slash == std::string::npos) return;
    group.resize(slash);
  }
}

uint32_t AffinityCount() {
  cpu_set_t* set = CPU_ALLOC(kMaxCpus);
  size_t size = CPU_ALLOC_SIZE(kMaxCpus);
  int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
  CPU_FREE(set);
  if (count <= 0) count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return static_cast<uint32_t>(std::max(count, 1));
}

}  // namespace

uint32_t CgroupCpuQuota(std::string_view membership, const std::string& root) {
  uint32_t quota = 0;
  for (std::string_view line : Split(membership, '\n')) {
    // "0::/group" (v2), "4:cpu,cpuacct:/group" (v1)
    std::vector<std::string_view> parts = Split(line, ':', 3);
    if (parts.size() != 3 || parts[2].empty()) continue;
    std::string group(parts[2] == "/" ? "" : parts[2]);
    if (parts[1].empty()) {
      ForEachAncestor(group, [&](const std::string& at) {
        std::string text = ReadText(Concat(root, at, "/cpu.max"));
        std::vector<std::string_view> words = Split(Trim(text), ' ');
        if (words.size() == 2) quota = Least(quota, ParseUnsigned(words[0]), ParseUnsigned(words[1]));
      });
      continue;
    }
    std::vector<std::string_view> controllers = Split(parts[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "cpu") == controllers.end()) continue;
    for (const std::string& mount : {Concat(root, "/cpu"), Concat(root, "/", parts[1])}) {
      ForEachAncestor(group, [&](const std::string& at) {
        auto read = [&](const char* name) {
          std::string text = ReadText(Concat(mount, at, "/", name));
          return ParseUnsigned(Trim(text));
        };
        quota = Least(quota, read("cpu.cfs_quota_us"), read("cpu.cfs_period_us"));
      });
    }
  }
  return quota;
}

uint32_t AvailableCpus() {
  uint32_t count = AffinityCount();
  uint32_t quota = CgroupCpuQuota(ReadText("/proc/self/cgroup"), "/sys/fs/cgroup");
  return quota == 0 ? count : std::min(count, quota);
}

}  // namespace aisix::config
