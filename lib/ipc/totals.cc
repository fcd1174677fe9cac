#include "lib/ipc/totals.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "lib/ipc/family_codec.h"
#include "lib/ipc/zone_service.h"
#include "lib/metrics/totals.h"
#include "lib/os/error.h"
#include "lib/os/memory_file.h"
#include "proto/zone.pb.h"

namespace aisix::ipc {
namespace {

constexpr size_t kLargestFile = size_t{64} << 20;

}  // namespace

absl::Status WriteTotals(int file, const std::vector<metrics::Family>& families) {
  zone::CollectPart part;
  for (const metrics::Family& family : families) ToProto(family, *part.add_families());
  const std::string text = part.SerializeAsString();
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::ErrorStatus(errno, "totals");
    done += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

absl::Status LeaveTotals(int file, std::string_view zone, const metrics::Registry& registry,
                         const os::ProcessStats& stats) {
  if (file < 0) return absl::OkStatus();
  std::vector<metrics::Family> families = registry.Collect();
  AppendProcessFamilies(stats.Read(), zone, families);
  std::vector<metrics::Family> totals;
  metrics::AddTotals(totals, families);
  return WriteTotals(file, totals);
}

absl::StatusOr<std::vector<metrics::Family>> ReadTotals(int file) {
  absl::StatusOr<std::string> text = os::ReadAll(file, kLargestFile);
  if (!text.ok()) return text.status();
  zone::CollectPart part;
  if (!part.ParseFromString(*text)) return absl::InvalidArgumentError("not a file of totals");
  std::vector<metrics::Family> families;
  for (const zone::Family& family : part.families()) {
    metrics::AddTotals(families, {FromProto(family)});
  }
  return families;
}

}  // namespace aisix::ipc
