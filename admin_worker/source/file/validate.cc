#include "admin_worker/source/file/validate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <variant>

#include "admin_worker/source/file/load.h"
#include "lib/os/error.h"
#include "lib/os/unique_fd.h"

extern char** environ;

namespace aisix::admin::file {
namespace {

// Also of pipes and /dev/stdin, which cannot be read at an offset.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::UnavailableError(os::ErrorText(errno));
  std::string content;
  char buffer[65536];
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::UnavailableError(os::ErrorText(errno));
    if (count == 0) return content;
    content.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

Variables ProcessEnvironment() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return variables;
}

int Validate(const std::string& path, const Variables& variables) {
  const SchemaCatalog schemas;
  const auto result = LoadFile(path, ReadWhole(path), variables, schemas);
  if (const auto* report = std::get_if<LoadReport>(&result)) {
    fmt::print(stderr, "{}", report->ToString());
    return 1;
  }
  fmt::print("OK: {} loaded {} resource(s)\n", path, std::get<LoadedFile>(result).documents.size());
  return 0;
}

}  // namespace aisix::admin::file
