// What an attacker who runs code in a zone tries, one system call or short sequence each.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aisix::redteam {

// A link or a listener that the zone was given.
struct Held {
  std::string name;  // "config.proxy", "dial", "admin"
  uint64_t index = 0;
  bool server = false;  // links: which end
  int fd = -1;
};

inline constexpr uint64_t kAny = ~uint64_t{0};

// What the attacker knows of the gateway around him.
struct Scene {
  std::map<std::string, std::string, std::less<>> targets;  // from the test: paths, addresses, pids
  std::vector<Held> links;
  std::vector<Held> listeners;
  std::vector<int> files;  // granted ones

  // The test that forgets a target has no attack.
  const std::string& Text(std::string_view name) const;
  const char* Path(std::string_view name) const { return Text(name).c_str(); }
  pid_t Pid(std::string_view name) const;
  // The first one; -1 when the zone has none.
  int Listener() const { return listeners.empty() ? -1 : listeners.front().fd; }
  int File() const { return files.empty() ? -1 : files.front(); }
  const Held* Link(std::string_view name, uint64_t index) const;  // kAny: the first of this name; or nullptr
};

struct Attempt {
  std::string_view name;  // a row of the table
  // What the decisive call returned, as the kernel gives it: not negative (the attack worked), or -errno.
  long (*run)(const Scene& scene);
  bool harmful = false;  // where it is not stopped: tried behind the lock only
};

// The system call itself: nothing of the C library stands between.
template <typename... Arguments>
long Call(long number, Arguments... arguments) {
  const long result = ::syscall(number, arguments...);
  return result < 0 ? -errno : result;
}

std::span<const Attempt> FileAttempts();        // paths: reading, writing, looking
std::span<const Attempt> DescriptorAttempts();  // misuse of what is open
std::span<const Attempt> ProcessAttempts();     // other processes, new ones, other programs
std::span<const Attempt> MemoryAttempts();      // new code
std::span<const Attempt> NetworkAttempts();     // sockets of every kind
std::span<const Attempt> KernelAttempts();      // the host, its namespaces and the kernel's larger interfaces
std::vector<Attempt> AllAttempts();

}  // namespace aisix::redteam
