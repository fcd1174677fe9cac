#include "proxy_worker/pipeline/models.h"

#include <array>
#include <ctime>

#include "lib/json/writer.h"
#include "proxy_worker/pipeline/respond.h"

namespace aisix::proxy {

std::string RenderModels(const Snapshot& snapshot, const CallerKey& caller, int64_t now_seconds) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Member("object", "list").Key("data").BeginArray();
  snapshot.ForEachModel([&](const Model& row) {
    const std::string& name = row.document->display_name;
    if (name.find('*') != std::string::npos || !caller.allows_model(name)) return;
    const std::string& provider = row.document->provider;
    writer.BeginObject().Member("id", std::string_view(name)).Member("object", "model");
    writer.Key("created").Int(now_seconds);
    writer.Key("owned_by").String(provider.empty() ? "aisix" : std::string_view(provider));
    writer.EndObject();
  });
  writer.EndArray().EndObject();
  return out;
}

async::Task<void> ListModels(LoopContext& loop, RequestContext& context) {
  const std::string body = RenderModels(context.snapshot, *context.caller, std::time(nullptr));
  const std::array headers{http::Header{"content-type", "application/json"}};
  async::Maybe<void> answered = Respond(loop, context, 200, headers, body);
  co_await answered;
}

}  // namespace aisix::proxy
