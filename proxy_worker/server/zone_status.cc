#include "proxy_worker/server/zone_status.h"

#include "lib/json/writer.h"

namespace aisix::proxy {

std::string RenderHealth(const Snapshot& snapshot) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("models").BeginArray();
  for (const std::shared_ptr<const Model>& row : snapshot.models()) {
    writer.BeginObject()
        .Member("id", std::string_view(row->id))
        .Member("name", std::string_view(row->document->display_name))
        .Member("health", static_cast<uint64_t>(row->health->Level()))
        .EndObject();
  }
  writer.EndArray().EndObject();
  return out;
}

std::string RenderZone(const Snapshot& snapshot, const ZoneFigures& figures,
                       const sandbox::Report& isolation) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject()
      .Member("zone", "proxy")
      .Member("has_configuration", snapshot.has_configuration())
      .Key("revision")
      .Int(snapshot.revision())
      .Member("loops", figures.loops)
      .Member("connections", figures.connections)
      .Member("in_flight", figures.in_flight)
      .Member("draining", figures.draining)
      .Member("dropped_log_lines", figures.dropped_log_lines);
  writer.Key("isolation").BeginArray();
  for (const sandbox::Measure& measure : isolation.measures) {
    writer.BeginObject()
        .Member("mechanism", std::string_view(measure.mechanism))
        .Member("state", sandbox::StateName(measure.state))
        .Member("reason", std::string_view(measure.reason))
        .EndObject();
  }
  writer.EndArray().EndObject();
  return out;
}

}  // namespace aisix::proxy
