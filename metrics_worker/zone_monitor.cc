#include "metrics_worker/zone_monitor.h"

#include <fmt/format.h>

#include "lib/ipc/zone_client.h"
#include "lib/ipc/zone_service.h"
#include "lib/metrics/text.h"

namespace aisix::metrics_zone {
namespace {

using metrics::Family;
using metrics::FamilyType;

constexpr std::string_view kOwnZone = "metrics";
constexpr std::array<std::string_view, 3> kAskedZones{"admin", "egress", "proxy"};
constexpr std::string_view kZonePrefix = "zone.";

void Append(std::vector<Family>& families, const char* name, FamilyType type, std::string_view zone,
            double value) {
  std::vector<Family> one;
  one.push_back(metrics::Single(name, type, {{"zone", std::string(zone)}}, value));
  metrics::Merge(families, std::move(one));
}

// States come from the supervisor: names and error texts without control characters, but quotes are possible.
std::string JsonString(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      result.push_back(c);
    }
  }
  result.push_back('"');
  return result;
}

}  // namespace

struct ZoneMonitor::Zone {
  explicit Zone(std::string name) : name(name), channel(std::string(kZonePrefix) + name) {}

  std::string name;
  ipc::RpcChannel channel;
  bool linked = false;
  bool up = false;
  std::string state = "not started";
  uint64_t restarts = 0;
  std::vector<Family> figures;
  std::optional<uint64_t> answered_ms;
};

// One thing that admin can be asked about.
struct ZoneMonitor::Subject {
  std::string name;
  std::chrono::milliseconds limit;
  SharedQuery query;
  bool answered = false;  // in the last round
  std::optional<std::string> last;
};

ZoneMonitor::ZoneMonitor(async::Loop& loop, Background& background, const os::ProcessStats* stats,
                         MonitorOptions options)
    : loop_(loop), background_(background), stats_(stats), options_(std::move(options)) {
  for (std::string_view name : kAskedZones) {
    zones_.emplace(std::string(name), std::make_unique<Zone>(std::string(name)));
  }
  auto own = std::make_unique<Zone>(std::string(kOwnZone));
  own->up = true;
  own->state = "up";
  zones_.emplace(std::string(kOwnZone), std::move(own));
  auto subject = [](const char* name, std::chrono::milliseconds limit) {
    auto result = std::make_unique<Subject>();
    result->name = name;
    result->limit = limit;
    return result;
  };
  config_ = subject("config", options_.status_limit);
  ready_ = subject("ready", options_.status_limit);
  models_ = subject("models", options_.models_limit);
}

ZoneMonitor::~ZoneMonitor() {
  *self_ = nullptr;
}

void ZoneMonitor::SetLink(std::string_view zone, os::UniqueFd fd) {
  auto found = zones_.find(zone);
  if (found == zones_.end() || !fd.valid()) return;
  found->second->channel.Replace(std::move(fd));
  found->second->linked = true;
}

void ZoneMonitor::SetState(std::string_view zone, std::string_view state, uint64_t restarts) {
  auto found = zones_.find(zone);
  if (found == zones_.end()) return;
  // This worker runs, whatever the supervisor knew when it wrote the message.
  if (zone != kOwnZone) {
    found->second->up = state == "up";
    found->second->state = state;
  }
  found->second->restarts = restarts;
}

void ZoneMonitor::CollectAll() {
  collecting_ = 0;
  for (auto& [name, zone] : zones_) {
    if (zone->linked) ++collecting_;
  }
  if (collecting_ == 0) {
    collection_.Finish();
    return;
  }
  for (auto& [name, entry] : zones_) {
    if (!entry->linked) continue;
    auto result = std::make_shared<absl::StatusOr<std::vector<Family>>>(absl::UnknownError(""));
    // The zone and its channel outlive the background threads' work: both end before this object does.
    Zone* zone = entry.get();
    background_.Run(
        [zone, result, limit = options_.collect_limit] { *result = ipc::CollectZone(zone->channel, limit); },
        [self = self_, zone, result] {
          if (*self != nullptr) (*self)->Store(*zone, *std::move(result));
        });
  }
}

void ZoneMonitor::Store(Zone& zone, absl::StatusOr<std::vector<Family>> families) {
  if (families.ok()) {
    zone.figures = *std::move(families);
    zone.answered_ms = loop_.NowMs();
  }
  if (--collecting_ == 0) collection_.Finish();
}

async::Task<std::string> ZoneMonitor::Exposition() {
  SharedQuery::Ticket ticket(collection_);
  if (collection_.Begin()) CollectAll();
  co_await ticket.Wait();
  const std::vector<Family> families = Figures();
  co_return metrics::RenderText(families);
}

double ZoneMonitor::AgeSeconds(const Zone& zone) const {
  return static_cast<double>(loop_.NowMs() - *zone.answered_ms) / 1000;
}

std::vector<Family> ZoneMonitor::Figures() const {
  std::vector<Family> families;
  families.push_back(
      metrics::Single("aisix_build_info", FamilyType::kGauge, {{"version", options_.version}}, 1));
  for (const auto& [name, zone] : zones_) {
    Append(families, "aisix_zone_up", FamilyType::kGauge, name, zone->up ? 1 : 0);
    Append(families, "aisix_zone_restarts_total", FamilyType::kCounter, name,
           static_cast<double>(zone->restarts));
    if (zone->answered_ms) {
      Append(families, "aisix_zone_answer_age_seconds", FamilyType::kGauge, name, AgeSeconds(*zone));
    }
  }
  if (supervisor_) {
    std::vector<Family> figures;
    ipc::AppendProcessFamilies(*supervisor_, "supervisor", figures);
    metrics::Merge(families, std::move(figures));
  }
  if (stats_ != nullptr) {
    std::vector<Family> own;
    ipc::AppendProcessFamilies(stats_->Read(), kOwnZone, own);
    metrics::Merge(families, std::move(own));
  }
  for (const auto& [name, zone] : zones_) metrics::Merge(families, zone->figures);
  return families;
}

async::Task<void> ZoneMonitor::Refresh(Subject& subject) {
  SharedQuery::Ticket ticket(subject.query);
  if (subject.query.Begin()) {
    auto result = std::make_shared<absl::StatusOr<std::optional<std::string>>>(absl::UnknownError(""));
    Zone* admin = zones_.find("admin")->second.get();
    Subject* asked = &subject;
    background_.Run([admin, result, name = subject.name,
                     limit = subject.limit] { *result = ipc::QueryStatus(admin->channel, name, limit); },
                    [self = self_, asked, result] {
                      if (*self == nullptr) return;
                      asked->answered = result->ok() && (*result)->has_value();
                      if (asked->answered) asked->last = **std::move(*result);
                      asked->query.Finish();
                    });
  }
  co_await ticket.Wait();
}

async::Task<std::optional<std::string>> ZoneMonitor::ConfigStatus() {
  co_await Refresh(*config_);
  co_return config_->last;
}

async::Task<bool> ZoneMonitor::Ready() {
  if (was_ready_) co_return true;
  co_await Refresh(*ready_);
  was_ready_ = was_ready_ || ready_->last == "true";
  co_return was_ready_;
}

async::Task<std::optional<std::string>> ZoneMonitor::Models() {
  co_await Refresh(*models_);
  std::optional<std::string> answer;
  if (models_->answered) answer = models_->last;
  co_return answer;
}

std::string ZoneMonitor::ZonesJson() const {
  std::string json = "[";
  for (const auto& [name, zone] : zones_) {
    if (json.size() > 1) json += ",";
    json += fmt::format("{{\"zone\":{},\"up\":{},\"state\":{},\"restarts\":{}", JsonString(name), zone->up,
                        JsonString(zone->state), zone->restarts);
    if (zone->answered_ms) json += fmt::format(",\"answer_age_seconds\":{}", AgeSeconds(*zone));
    json += "}";
  }
  json += "]";
  return json;
}

}  // namespace aisix::metrics_zone
