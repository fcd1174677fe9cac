#include "test/redteam/attacker/attempt.h"

#include <cstdio>
#include <cstdlib>

namespace aisix::redteam {

const std::string& Scene::Text(std::string_view name) const {
  const auto found = targets.find(name);
  if (found != targets.end()) return found->second;
  std::fprintf(stderr, "redteam: the test named no target %.*s\n", static_cast<int>(name.size()),
               name.data());
  std::abort();
}

pid_t Scene::Pid(std::string_view name) const {
  return static_cast<pid_t>(std::strtol(Path(name), nullptr, 10));
}

const Held* Scene::Link(std::string_view name, uint64_t index) const {
  for (const Held& link : links) {
    if (link.name == name && (index == kAny || link.index == index)) return &link;
  }
  return nullptr;
}

std::vector<Attempt> AllAttempts() {
  std::vector<Attempt> all;
  for (const auto& attempts : {FileAttempts(), DescriptorAttempts(), ProcessAttempts(), MemoryAttempts(),
                               NetworkAttempts(), KernelAttempts()}) {
    all.insert(all.end(), attempts.begin(), attempts.end());
  }
  return all;
}

}  // namespace aisix::redteam
