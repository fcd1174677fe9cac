#include "lib/ipc/zone_service.h"

#include <algorithm>

#include "lib/ipc/family_codec.h"
#include "proto/zone.grpc.pb.h"

namespace aisix::ipc {
namespace {

// One part holds at most so many series: some 300 KB with long labels.
constexpr size_t kSeriesPerPart = 1000;

}  // namespace

void AppendProcessFamilies(const os::ProcessSample& sample, std::string_view zone,
                           std::vector<metrics::Family>& families) {
  using metrics::Across;
  using metrics::FamilyType;
  auto append = [&](const char* name, FamilyType type, double value, Across across) {
    families.push_back(metrics::Single(name, type, {{"zone", std::string(zone)}}, value));
    families.back().across = across;
  };
  append("process_resident_memory_bytes", FamilyType::kGauge, static_cast<double>(sample.resident_bytes),
         Across::kSum);
  append("process_virtual_memory_bytes", FamilyType::kGauge, static_cast<double>(sample.virtual_bytes),
         Across::kSum);
  append("process_cpu_seconds_total", FamilyType::kCounter, sample.cpu_seconds, Across::kUsual);
  append("process_open_fds", FamilyType::kGauge, static_cast<double>(sample.open_files), Across::kSum);
  append("process_max_fds", FamilyType::kGauge, static_cast<double>(sample.max_open_files), Across::kUsual);
  append("process_start_time_seconds", FamilyType::kGauge, sample.start_time_seconds, Across::kUsual);
}

class ZoneService::Impl final : public zone::Zone::Service {
 public:
  Impl(std::string zone, const metrics::Registry& registry, const os::ProcessStats* stats,
       StatusCallback status)
      : zone_(std::move(zone)), registry_(registry), stats_(stats), status_(std::move(status)) {}

  grpc::Status Collect(grpc::ServerContext*, const zone::CollectRequest*,
                       grpc::ServerWriter<zone::CollectPart>* writer) override {
    std::vector<metrics::Family> families = registry_.Collect();
    if (stats_ != nullptr) AppendProcessFamilies(stats_->Read(), zone_, families);
    zone::CollectPart part;
    size_t series = 0;
    for (metrics::Family& family : families) {
      // A large family is spread over several parts.
      while (!family.samples.empty()) {
        metrics::Family piece{family.name, family.type, family.label_names, family.edges, {}, family.across};
        size_t count = std::min(family.samples.size(), kSeriesPerPart - series);
        auto first = family.samples.end() - static_cast<ptrdiff_t>(count);
        if (count == family.samples.size()) {
          piece.samples.swap(family.samples);
        } else {
          piece.samples.assign(std::make_move_iterator(first), std::make_move_iterator(family.samples.end()));
          family.samples.erase(first, family.samples.end());
        }
        ToProto(piece, *part.add_families());
        series += count;
        if (series < kSeriesPerPart) continue;
        if (!writer->Write(part)) return grpc::Status::CANCELLED;
        part.Clear();
        series = 0;
      }
    }
    if (part.families_size() > 0) writer->Write(part);
    return grpc::Status::OK;
  }

  grpc::Status Status(grpc::ServerContext*, const zone::StatusRequest* request,
                      zone::StatusReply* reply) override {
    std::optional<std::string> json = status_(request->subject());
    reply->set_found(json.has_value());
    if (json.has_value()) reply->set_json(*std::move(json));
    return grpc::Status::OK;
  }

 private:
  std::string zone_;
  const metrics::Registry& registry_;
  const os::ProcessStats* stats_;
  StatusCallback status_;
};

ZoneService::ZoneService(std::string zone, const metrics::Registry& registry, const os::ProcessStats* stats,
                         StatusCallback status)
    : impl_(std::make_unique<Impl>(std::move(zone), registry, stats, std::move(status))) {}

ZoneService::~ZoneService() = default;

grpc::Service* ZoneService::service() {
  return impl_.get();
}

}  // namespace aisix::ipc
