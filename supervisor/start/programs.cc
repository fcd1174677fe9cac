#include "supervisor/start/programs.h"

#include <fmt/core.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/error.h"

namespace aisix::supervisor {

absl::StatusOr<Programs> Programs::Locate() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof(path));
  if (size <= 0 || size == sizeof(path)) return os::ErrorStatus(errno, "/proc/self/exe");
  const std::string_view whole(path, static_cast<size_t>(size));
  return Programs(std::string(whole.substr(0, whole.rfind('/'))), std::string(whole));
}

absl::StatusOr<std::string> Programs::Find(std::string_view name) const {
  const std::string beside = fmt::format("{}/{}", own_directory_, name);
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  const std::string installed = fmt::format("{}/../libexec/aisix/{}", own_directory_, name);
  if (::access(installed.c_str(), X_OK) == 0) return installed;
  return absl::NotFoundError(
      fmt::format("program {} is missing: looked for {} and {}", name, beside, installed));
}

}  // namespace aisix::supervisor
