#include "lib/sandbox/kernel_view.h"

#include <fcntl.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "lib/os/memory_file.h"

namespace aisix::sandbox {
namespace {

constexpr std::string_view kLines[] = {"CapInh", "CapPrm",     "CapEff",  "CapBnd",
                                       "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"};

}  // namespace

KernelView::KernelView() : status_(::open("/proc/self/status", O_RDONLY | O_CLOEXEC)) {}

std::vector<std::pair<std::string, std::string>> KernelView::Read() const {
  std::vector<std::pair<std::string, std::string>> found;
  if (!status_.valid()) return found;
  const absl::StatusOr<std::string> text = os::ReadAll(status_.get());
  if (!text.ok()) return found;
  for (const absl::string_view piece : absl::StrSplit(*text, '\n')) {
    const std::string_view line(piece.data(), piece.size());
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    if (std::find(std::begin(kLines), std::end(kLines), name) == std::end(kLines)) continue;
    found.emplace_back(name, std::string(absl::StripAsciiWhitespace(piece.substr(colon + 1))));
  }
  return found;
}

}  // namespace aisix::sandbox
