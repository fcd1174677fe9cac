#include "supervisor/start/environment.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "lib/os/memory_file.h"
#include "supervisor/service/service_environment.h"

namespace aisix::supervisor {
namespace {

constexpr std::string_view kConfigPath = "AISIX_CONFIG_PATH";

bool IsForThisProcessAlone(std::string_view name) {
  return name == kConfigPath ||
         std::find(kServiceVariables.begin(), kServiceVariables.end(), name) != kServiceVariables.end();
}

}  // namespace

absl::StatusOr<os::UniqueFd> TakeEnvironment() {
  std::vector<std::string_view> entries;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || IsForThisProcessAlone(text.substr(0, equals))) continue;
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
