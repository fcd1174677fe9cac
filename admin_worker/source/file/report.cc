#include "admin_worker/source/file/report.h"

#include <fmt/format.h>

namespace aisix::admin::file {

void LoadReport::AddFileError(std::string message, ErrorKind kind) {
  errors.push_back({"(file)", std::move(message), kind, "", ""});
}

std::string LoadReport::ToString() const {
  std::string text = fmt::format("resources file {}: {} error(s):\n", path, errors.size());
  for (const LoadError& error : errors) text += fmt::format("  - {}: {}\n", error.scope, error.message);
  return text;
}

}  // namespace aisix::admin::file
