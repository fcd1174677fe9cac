#include "proxy_worker/server/zone_status.h"

#include "lib/json/writer.h"

namespace aisix::proxy {

std::string RenderHealth(const Snapshot& snapshot) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("models").BeginArray();
  snapshot.ForEachModel([&](const Model& row) {
    writer.BeginObject()
        .Member("id", std::string_view(row.id))
        .Member("name", std::string_view(row.document->display_name))
        .Member("health", static_cast<uint64_t>(row.health->Level()))
        .EndObject();
  });
  writer.EndArray().EndObject();
  return out;
}

std::string RenderZone(const Snapshot& snapshot, const ZoneFigures& figures) {
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
      .Member("dropped_log_lines", figures.dropped_log_lines)
      .EndObject();
  return out;
}

}  // namespace aisix::proxy
