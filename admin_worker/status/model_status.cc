#include "admin_worker/status/model_status.h"

#include <algorithm>
#include <map>

#include "lib/model/model.h"

namespace aisix::admin {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr uint64_t kStaleSeconds = 300;

// What the proxy said, by model id.
std::map<std::string, nlohmann::json> ParseHealth(const std::optional<std::string>& health) {
  std::map<std::string, nlohmann::json> by_id;
  if (!health) return by_id;
  const nlohmann::json document = nlohmann::json::parse(*health, nullptr, false);
  if (!document.is_object() || !document.contains("models") || !document["models"].is_array()) return by_id;
  for (const nlohmann::json& row : document["models"]) {
    if (row.is_object() && row.contains("id") && row["id"].is_string())
      by_id[row["id"].get<std::string>()] = row;
  }
  return by_id;
}

template <typename Function>
void ForEachModel(const DocumentSet& documents, Function function) {
  documents.ForEach(model::Kind::kModel, [&](const std::string& id, const DocumentPtr& value) {
    const absl::StatusOr<model::Model> decoded = model::ParseModel(value->json());
    if (decoded.ok()) function(id, *decoded);
  });
}

int64_t HealthLevel(const std::map<std::string, nlohmann::json>& rows, const std::string& id) {
  const auto row = rows.find(id);
  if (row == rows.end()) return 0;
  const auto level = row->second.find("health");
  return level != row->second.end() && level->is_number_integer() ? level->get<int64_t>() : 0;
}

}  // namespace

std::string RenderModelStatus(const DocumentSet& documents, const std::optional<std::string>& health) {
  const std::map<std::string, nlohmann::json> rows = ParseHealth(health);
  OrderedJson list = OrderedJson::array();
  ForEachModel(documents, [&](const std::string& id, const model::Model& model) {
    OrderedJson row = {
        {"id", id}, {"display_name", model.display_name}, {"kind", model::ModelKindName(model.kind())}};
    if (model.kind() != model::ModelKind::kDirect) {
      row["status"] = "not_applicable";
    } else {
      row["status"] = "healthy";
      const auto said = rows.find(id);
      for (const char* member :
           {"status", "cooldown_until", "last_checked_at", "last_check_status", "status_reason"}) {
        if (said != rows.end() && said->second.contains(member)) row[member] = said->second[member];
      }
    }
    list.push_back(std::move(row));
  });
  return list.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string RenderAdminHealth(const DocumentSet& documents, const std::optional<std::string>& health,
                              const std::optional<SnapshotAge>& age) {
  const std::map<std::string, nlohmann::json> rows = ParseHealth(health);
  OrderedJson models = OrderedJson::array();
  int64_t worst = 0;
  ForEachModel(documents, [&](const std::string& id, const model::Model& model) {
    const int64_t level = HealthLevel(rows, id);
    worst = std::max(worst, level);
    models.push_back({{"id", id}, {"name", model.display_name}, {"health", level}});
  });
  const bool stale = age && (!age->age_seconds || *age->age_seconds > kStaleSeconds);
  OrderedJson root;
  root["status"] = worst >= 2 ? "unhealthy" : (worst == 1 || stale) ? "degraded" : "ok";
  root["models"] = std::move(models);
  if (age) {
    root["config"]["snapshot_revision"] = age->revision;
    root["config"]["snapshot_age_seconds"] = nullptr;
    if (age->age_seconds) root["config"]["snapshot_age_seconds"] = *age->age_seconds;
  }
  return root.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace aisix::admin
