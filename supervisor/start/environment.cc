#include "supervisor/start/environment.h"

#include <string.h>
#include <unistd.h>

#include <string_view>
#include <vector>

#include "lib/os/memory_file.h"

namespace aisix::supervisor {
namespace {

constexpr std::string_view kOwnVariable = "AISIX_CONFIG_PATH=";

}  // namespace

absl::StatusOr<os::UniqueFd> TakeEnvironment() {
  std::vector<std::string_view> entries;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with(kOwnVariable) || text.find('=') == std::string_view::npos) continue;
    entries.emplace_back(*entry, text.size() + 1);  // with its NUL
  }
  absl::StatusOr<os::UniqueFd> file = os::CreateSealedFile("environment", entries);
  if (!file.ok()) return file;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    ::explicit_bzero(*entry, ::strlen(*entry));
  }
  ::clearenv();
  return file;
}

}  // namespace aisix::supervisor
