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

absl::Status WriteTotals(int file, const Totals& totals) {
  zone::TotalsFile content;
  std::vector<metrics::Family> counting;
  metrics::AddTotals(counting, totals.families);
  for (const metrics::Family& family : counting) ToProto(family, *content.add_families());
  for (const LastAnswer& answer : totals.answers) {
    zone::LastAnswer& message = *content.add_answers();
    message.set_zone(answer.zone);
    message.set_generation(answer.generation);
    for (const metrics::Family& family : answer.figures) ToProto(family, *message.add_families());
  }
  const std::string text = content.SerializeAsString();
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
  Totals totals;
  totals.families = registry.Collect();
  AppendProcessFamilies(stats.Read(), zone, totals.families);
  return WriteTotals(file, totals);
}

absl::StatusOr<Totals> ReadTotals(int file) {
  absl::StatusOr<std::string> text = os::ReadAll(file, kLargestFile);
  if (!text.ok()) return text.status();
  zone::TotalsFile content;
  if (!content.ParseFromString(*text)) return absl::InvalidArgumentError("not a file of totals");
  Totals totals;
  for (const zone::Family& family : content.families()) {
    metrics::AddTotals(totals.families, {FromProto(family)});
  }
  for (const zone::LastAnswer& message : content.answers()) {
    LastAnswer& answer = totals.answers.emplace_back();
    answer.zone = message.zone();
    answer.generation = message.generation();
    for (const zone::Family& family : message.families()) answer.figures.push_back(FromProto(family));
  }
  return totals;
}

}  // namespace aisix::ipc
