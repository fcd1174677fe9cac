#include "lib/sandbox/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "lib/json/writer.h"

namespace aisix::sandbox {
namespace {

constexpr std::string_view kTarget = "aisix_sandbox";

constexpr double Value(State state) {
  switch (state) {
    case State::kFull:
      return 1;
    case State::kPartial:
      return 0.5;
    case State::kAbsent:
      break;
  }
  return 0;
}

}  // namespace

std::string RenderJson(const Report& report) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject()
      .Member("zone", std::string_view(report.zone))
      .Member("isolation", report.enforced ? "enforce" : "best_effort");
  writer.Key("mechanisms").BeginArray();
  for (const Measure& measure : report.measures) {
    writer.BeginObject()
        .Member("mechanism", std::string_view(measure.mechanism))
        .Member("state", StateName(measure.state))
        .Member("reason", std::string_view(measure.reason))
        .EndObject();
  }
  writer.EndArray().Key("attempts").BeginArray();
  for (const Attempt& attempt : report.attempts) {
    writer.BeginObject()
        .Member("attempt", std::string_view(attempt.name))
        .Member("refused", attempt.refused)
        .Member("outcome", std::string_view(attempt.outcome))
        .EndObject();
  }
  writer.EndArray().Key("kernel").BeginObject();
  for (const auto& [name, value] : report.kernel) writer.Member(name, std::string_view(value));
  writer.EndObject().EndObject();
  return out;
}

void AppendFamilies(const Report& report, std::vector<metrics::Family>& families) {
  for (const Measure& measure : report.measures) {
    std::vector<metrics::Family> one;
    one.push_back(metrics::Single("aisix_isolation_active", metrics::FamilyType::kGauge,
                                  {{"zone", report.zone}, {"mechanism", measure.mechanism}},
                                  Value(measure.state)));
    metrics::Merge(families, std::move(one));
  }
}

void Log(const Report& report, log::Logger& logger) {
  std::string mechanisms;
  bool complete = true;
  for (const Measure& measure : report.measures) {
    if (!mechanisms.empty()) mechanisms += ", ";
    mechanisms += fmt::format("{} {}", measure.mechanism, StateName(measure.state));
    // What is full needs no reason.
    if (measure.state != State::kFull) mechanisms += fmt::format(" ({})", measure.reason);
    if (measure.state == State::kAbsent) complete = false;
  }
  std::string possible;
  for (const Attempt& attempt : report.attempts) {
    if (attempt.refused) continue;
    if (!possible.empty()) possible += ", ";
    possible += attempt.name;
    complete = false;
  }
  const auto refused = std::count_if(report.attempts.begin(), report.attempts.end(),
                                     [](const Attempt& attempt) { return attempt.refused; });
  logger.Write(complete ? log::Level::kInfo : log::Level::kWarn, kTarget,
               complete ? "zone is locked" : "zone is not locked completely",
               {{"mechanisms", std::string_view(mechanisms)},
                {"attempts_refused", log::Display{fmt::format("{}/{}", refused, report.attempts.size())}},
                {"possible", possible.empty() ? log::Field{"", log::Absent{}}.value
                                              : log::Field{"", std::string_view(possible)}.value}});
}

}  // namespace aisix::sandbox
