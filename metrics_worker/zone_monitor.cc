#include "metrics_worker/zone_monitor.h"

#include <fmt/format.h>

#include "lib/ipc/zone_client.h"
#include "lib/ipc/zone_service.h"
#include "lib/metrics/text.h"
#include "lib/metrics/totals.h"
#include "lib/sandbox/render.h"
#include "metrics_worker/zone_workers.h"

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
  Zone(const std::string& name, std::vector<Family>& former)
      : workers(std::string(kZonePrefix) + name, former) {}

  ZoneWorkers workers;
  bool up = false;
  std::string state = "not started";
  uint64_t restarts = 0;
  std::map<std::string, uint64_t, std::less<>> exits;  // by reason
};

// One thing that a zone can be asked about.
struct ZoneMonitor::Subject {
  std::string zone;
  std::string name;
  std::chrono::milliseconds limit;
  SharedQuery query;
  bool answered = false;  // in the last round
  std::optional<std::string> last;
  uint64_t answered_ms = 0;  // when `last` came
};

ZoneMonitor::ZoneMonitor(async::Loop& loop, Background& background, const os::ProcessStats* stats,
                         MonitorOptions options)
    : loop_(loop), background_(background), stats_(stats), options_(std::move(options)) {
  for (std::string_view name : kAskedZones) {
    zones_.emplace(std::string(name), std::make_unique<Zone>(std::string(name), former_));
  }
  auto own = std::make_unique<Zone>(std::string(kOwnZone), former_);
  own->up = true;
  own->state = "up";
  zones_.emplace(std::string(kOwnZone), std::move(own));
  auto subject = [](const char* name, std::chrono::milliseconds limit, std::string_view zone = "admin") {
    auto result = std::make_unique<Subject>();
    result->zone = zone;
    result->name = name;
    result->limit = limit;
    return result;
  };
  supervisor_isolation_.zone = "supervisor";
  supervisor_isolation_.enforced = options_.isolation.enforced;
  config_ = subject("config", options_.status_limit);
  ready_ = subject("ready", options_.status_limit);
  models_ = subject("models", options_.models_limit);
  for (std::string_view zone : kAskedZones) {
    isolation_.push_back(subject("isolation", options_.status_limit, zone));
  }
}

ZoneMonitor::~ZoneMonitor() {
  *self_ = nullptr;
}

void ZoneMonitor::SetLink(std::string_view zone, uint64_t generation, os::UniqueFd fd) {
  auto found = zones_.find(zone);
  if (found == zones_.end() || !fd.valid()) return;
  found->second->workers.SetLink(generation, std::move(fd));
}

void ZoneMonitor::OnEnded(std::string_view zone, uint64_t generation,
                          const std::optional<std::vector<Family>>& totals) {
  auto found = zones_.find(zone);
  if (found != zones_.end()) found->second->workers.End(generation, totals);
}

void ZoneMonitor::Inherit(ipc::LastAnswer answer) {
  auto found = zones_.find(answer.zone);
  if (found != zones_.end()) found->second->workers.Inherit(answer.generation, std::move(answer.figures));
}

void ZoneMonitor::SetSupervisorMeasure(sandbox::Measure measure) {
  for (sandbox::Measure& known : supervisor_isolation_.measures) {
    if (known.mechanism != measure.mechanism) continue;
    known = std::move(measure);
    return;
  }
  supervisor_isolation_.measures.push_back(std::move(measure));
}

void ZoneMonitor::SetExits(std::string_view zone, std::string_view reason, uint64_t count) {
  auto found = zones_.find(zone);
  if (found != zones_.end()) found->second->exits.insert_or_assign(std::string(reason), count);
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
  std::vector<std::pair<Zone*, std::shared_ptr<ZoneWorker>>> asked;
  for (auto& [name, zone] : zones_) {
    for (std::shared_ptr<ZoneWorker>& worker : zone->workers.living()) {
      asked.emplace_back(zone.get(), std::move(worker));
    }
  }
  collecting_ = asked.size();
  if (collecting_ == 0) {
    collection_.Finish();
    return;
  }
  for (auto& [zone, worker] : asked) {
    auto result = std::make_shared<absl::StatusOr<std::vector<Family>>>(absl::UnknownError(""));
    background_.Run([worker = worker, result,
                     limit = options_.collect_limit] { *result = ipc::CollectZone(worker->channel, limit); },
                    [self = self_, zone = zone, worker = worker, result] {
                      if (*self == nullptr) return;
                      if (result->ok() && !worker->ended) {
                        zone->workers.Store(*worker, **std::move(result), (*self)->loop_.NowMs());
                      }
                      if (--(*self)->collecting_ == 0) (*self)->collection_.Finish();
                    });
  }
}

async::Task<std::string> ZoneMonitor::Exposition() {
  SharedQuery::Ticket ticket(collection_);
  if (collection_.Begin()) CollectAll();
  co_await ticket.Wait();
  const std::vector<Family> families = Figures();
  co_return metrics::RenderText(families);
}

double ZoneMonitor::AgeSeconds(uint64_t answered_ms) const {
  return static_cast<double>(loop_.NowMs() - answered_ms) / 1000;
}

std::vector<Family> ZoneMonitor::OwnFigures() const {
  std::vector<Family> own;
  if (stats_ != nullptr) ipc::AppendProcessFamilies(stats_->Read(), kOwnZone, own);
  return own;
}

ipc::Totals ZoneMonitor::Totals() const {
  ipc::Totals totals;
  totals.families = former_;
  metrics::AddTotals(totals.families, OwnFigures());
  for (const auto& [name, zone] : zones_) {
    zone->workers.AddEnded(totals.families);
    for (const std::shared_ptr<ZoneWorker>& worker : zone->workers.living()) {
      if (worker->heard()) totals.answers.push_back({name, worker->generation, worker->figures});
    }
  }
  return totals;
}

std::vector<Family> ZoneMonitor::Figures() const {
  std::vector<Family> families;
  families.push_back(
      metrics::Single("aisix_build_info", FamilyType::kGauge, {{"version", options_.version}}, 1));
  for (const auto& [name, zone] : zones_) {
    Append(families, "aisix_zone_up", FamilyType::kGauge, name, zone->up ? 1 : 0);
    Append(families, "aisix_zone_restarts_total", FamilyType::kCounter, name,
           static_cast<double>(zone->restarts));
    if (const std::optional<uint64_t> answered = zone->workers.answered_ms()) {
      Append(families, "aisix_zone_answer_age_seconds", FamilyType::kGauge, name, AgeSeconds(*answered));
    }
    for (const auto& [reason, count] : zone->exits) {
      std::vector<Family> one;
      one.push_back(metrics::Single("aisix_zone_exits_total", FamilyType::kCounter,
                                    {{"zone", name}, {"reason", reason}}, static_cast<double>(count)));
      metrics::Merge(families, std::move(one));
    }
  }
  sandbox::AppendFamilies(options_.isolation, families);
  sandbox::AppendFamilies(supervisor_isolation_, families);
  metrics::Merge(families, OwnFigures());
  if (supervisor_) {
    std::vector<Family> figures;
    ipc::AppendProcessFamilies(*supervisor_, "supervisor", figures);
    metrics::Merge(families, std::move(figures));
  }
  for (const auto& [name, zone] : zones_) metrics::Merge(families, zone->workers.Figures());
  metrics::AddTotals(families, former_);
  return families;
}

async::Task<void> ZoneMonitor::Refresh(Subject& subject) {
  SharedQuery::Ticket ticket(subject.query);
  if (subject.query.Begin()) {
    auto result = std::make_shared<absl::StatusOr<std::optional<std::string>>>(absl::UnknownError(""));
    std::shared_ptr<ZoneWorker> worker = zones_.find(subject.zone)->second->workers.youngest();
    Subject* asked = &subject;
    background_.Run(
        [worker, result, name = subject.name, limit = subject.limit] {
          if (worker != nullptr) *result = ipc::QueryStatus(worker->channel, name, limit);
        },
        [self = self_, asked, result] {
          if (*self == nullptr) return;
          asked->answered = result->ok() && (*result)->has_value();
          if (asked->answered) {
            asked->last = **std::move(*result);
            asked->answered_ms = (*self)->loop_.NowMs();
          }
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

async::Task<std::string> ZoneMonitor::Isolation() {
  std::map<std::string, std::string> reports;
  reports[std::string(kOwnZone)] = sandbox::RenderJson(options_.isolation);
  if (!supervisor_isolation_.measures.empty()) {
    reports[supervisor_isolation_.zone] = sandbox::RenderJson(supervisor_isolation_);
  }
  for (const std::unique_ptr<Subject>& subject : isolation_) {
    co_await Refresh(*subject);
    std::string& report = reports[subject->zone];
    if (!subject->last.has_value()) {
      report = fmt::format(R"({{"zone":{},"reason":"has not answered yet"}})", JsonString(subject->zone));
      continue;
    }
    report = *subject->last;
    report.pop_back();  // the bracket
    report += fmt::format(R"(,"answer_age_seconds":{}}})", AgeSeconds(subject->answered_ms));
  }
  std::string json = R"({"zones":[)";
  for (const auto& [zone, report] : reports) {
    if (json.back() != '[') json.push_back(',');
    json += report;
  }
  json += "]}";
  co_return json;
}

std::string ZoneMonitor::ZonesJson() const {
  std::string json = "[";
  for (const auto& [name, zone] : zones_) {
    if (json.size() > 1) json += ",";
    json += fmt::format("{{\"zone\":{},\"up\":{},\"state\":{},\"restarts\":{}", JsonString(name), zone->up,
                        JsonString(zone->state), zone->restarts);
    if (const std::optional<uint64_t> answered = zone->workers.answered_ms()) {
      json += fmt::format(",\"answer_age_seconds\":{}", AgeSeconds(*answered));
    }
    json += "}";
  }
  json += "]";
  return json;
}

}  // namespace aisix::metrics_zone
