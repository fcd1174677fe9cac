#include "admin_worker/source/etcd/export/resources_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "admin_worker/source/etcd/export/secrets.h"
#include "admin_worker/source/etcd/export/yaml_writer.h"
#include "admin_worker/source/file/entry.h"

namespace aisix::admin::etcd {
namespace {

using model::Kind;
using nlohmann::json;

// In the order of the file. Passthrough routes, policies and attachments cannot be exported.
constexpr std::array kExported{
    Kind::kProviderKey,     Kind::kModel,        Kind::kApiKey,       Kind::kGuardrail,
    Kind::kMcpServer,       Kind::kA2aAgent,     Kind::kCachePolicy,  Kind::kObservabilityExporter,
    Kind::kRateLimitPolicy, Kind::kOidcProvider, Kind::kClaimMapping, Kind::kMcpAuthSettings,
};
constexpr size_t kHashDigits = 16;
constexpr std::string_view kApiKeyPrefix = "api_key:";

struct Row {
  std::string id, identity;
  json document;
};

// Removes the member of a dotted path, in which list positions are numbers. Names may hold dots.
void RemovePath(json& value, std::string_view path) {
  if (value.is_array()) {
    const size_t dot = path.find('.');
    const size_t index = std::strtoul(std::string(path.substr(0, dot)).c_str(), nullptr, 10);
    if (dot != std::string_view::npos && index < value.size()) RemovePath(value[index], path.substr(dot + 1));
    return;
  }
  if (!value.is_object()) return;
  if (const auto member = value.find(std::string(path)); member != value.end()) {
    value.erase(member);
    return;
  }
  for (const auto& [name, member] : value.items()) {
    if (path.starts_with(name) && path.substr(name.size()).starts_with('.'))
      RemovePath(member, path.substr(name.size() + 1));
  }
}

class Exporting {
 public:
  Exporting(const KeySpace& keys, const SchemaCatalog& schemas, bool reveal_secrets)
      : keys_(keys), schemas_(schemas), vault_(reveal_secrets) {}

  ExportedText Run(const std::vector<KeyValue>& entries) {
    for (const KeyValue& entry : entries) Read(entry);
    KeepEnvironmentGuardrails();
    TellWhatIsLeftOut();
    CheckDuplicates();
    text_.yaml = "---\n_format_version: \"1\"\n";
    for (Kind kind : kExported) {
      std::vector<Row>& rows = rows_[kind];
      std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.identity < b.identity; });
      if (!rows.empty()) Write(kind, rows);
    }
    text_.variables = vault_.variables();
    return std::move(text_);
  }

 private:
  void Read(const KeyValue& entry) {
    auto outcome = Accept(keys_, schemas_, entry.key, entry.value);
    if (auto* refused = std::get_if<Refused>(&outcome)) {
      text_.rejected.emplace_back(entry.key, std::move(*refused));
      return;
    }
    const auto& accepted = std::get<Accepted>(outcome);
    Row row;
    row.id = accepted.key.id;
    row.document = json::parse(accepted.served.empty() ? accepted.canonical : accepted.served);
    // A file may not hold what this version does not know.
    std::vector<UnknownField> unknown;
    (void)schemas_.CheckRead(accepted.key.kind, row.document, &unknown);
    for (const UnknownField& field : unknown) RemovePath(row.document, field.path);
    row.identity = IdentityOf(accepted.key.kind, row.document);
    const bool exported = std::find(kExported.begin(), kExported.end(), accepted.key.kind) != kExported.end();
    if (exported && !accepted.ignored.empty())
      text_.warnings.push_back(fmt::format("{} \"{}\": left out, because it has no effect: {}",
                                           model::CollectionName(accepted.key.kind), row.identity,
                                           fmt::join(accepted.ignored, ", ")));
    rows_[accepted.key.kind].push_back(std::move(row));
  }

  static std::string IdentityOf(Kind kind, const json& document) {
    if (kind == Kind::kApiKey)
      return fmt::format("apikey-{}", document.at("key_hash").get<std::string>().substr(0, kHashDigits));
    if (kind == Kind::kMcpAuthSettings) return std::string(model::CollectionName(kind));
    return file::ReadIdentity(kind, document);
  }

  // Others would apply to all traffic once they stand in a file.
  void KeepEnvironmentGuardrails() {
    std::set<std::string> everywhere;
    for (const Row& row : rows_[Kind::kGuardrailAttachment]) {
      if (row.document.at("scope_type") == "env" && row.document.value("enabled", true))
        everywhere.insert(row.document.at("guardrail_id").get<std::string>());
    }
    std::erase_if(rows_[Kind::kGuardrail], [&](const Row& row) {
      if (everywhere.contains(row.id)) return false;
      text_.warnings.push_back(fmt::format(
          "guardrail \"{}\" is left out: it is not attached to the whole environment, and in a file it would "
          "apply to all traffic",
          row.identity));
      return true;
    });
  }

  void TellWhatIsLeftOut() {
    for (Kind kind : {Kind::kPassthroughRoute, Kind::kMcpPolicy}) {
      if (const size_t count = rows_[kind].size(); count > 0)
        text_.warnings.push_back(fmt::format("{}: {} not exported", model::CollectionName(kind), count));
    }
  }

  void CheckDuplicates() {
    for (Kind kind : kExported) {
      std::set<std::string> seen;
      for (const Row& row : rows_[kind]) {
        if (!seen.insert(row.identity).second)
          text_.issues.push_back(fmt::format("{}: \"{}\" is the identity of several resources",
                                             model::CollectionName(kind), row.identity));
      }
    }
  }

  // The identity of the resource with this id; an issue when there is none.
  std::optional<std::string> NameOf(Kind kind, const std::string& id, const std::string& where) {
    for (const Row& row : rows_[kind]) {
      if (row.id == id) return row.identity;
    }
    text_.issues.push_back(
        fmt::format("{} references {} \"{}\", which is not there", where, model::CollectionName(kind), id));
    return std::nullopt;
  }

  // `id_member` becomes `name_member`.
  void Rename(json& object, const char* id_member, const char* name_member, Kind kind,
              const std::string& where) {
    const auto member = object.find(id_member);
    if (member == object.end() || !member->is_string()) return;
    if (std::optional<std::string> name = NameOf(kind, member->get<std::string>(), where)) {
      object.erase(id_member);
      object[name_member] = *std::move(name);
    }
  }

  void ReplaceReferences(Kind kind, Row& row) {
    json& document = row.document;
    const std::string where = fmt::format("{} \"{}\"", model::CollectionName(kind), row.identity);
    switch (kind) {
      case Kind::kModel:
        Rename(document, "provider_key_id", "provider_key", Kind::kProviderKey, where);
        break;
      case Kind::kApiKey:
        document["display_name"] = row.identity;
        break;
      case Kind::kRateLimitPolicy: {
        const std::string scope = document.value("scope", std::string());
        if (scope == "model") Rename(document, "scope_ref", "scope_ref", Kind::kModel, where);
        if (scope == "api_key") Rename(document, "scope_ref", "scope_ref", Kind::kApiKey, where);
        break;
      }
      case Kind::kClaimMapping:
        if (document.contains("resolve") && document["resolve"].is_object())
          Rename(document["resolve"], "api_key_id", "api_key", Kind::kApiKey, where);
        break;
      case Kind::kCachePolicy: {
        const std::string applies_to = document.value("applies_to", std::string());
        if (!applies_to.starts_with(kApiKeyPrefix)) break;
        const auto name = NameOf(Kind::kApiKey, applies_to.substr(kApiKeyPrefix.size()), where);
        if (name)
          document["applies_to"] = fmt::format("{}{}", kApiKeyPrefix, file::DeriveId(Kind::kApiKey, *name));
        break;
      }
      default:
        break;
    }
  }

  void Write(Kind kind, std::vector<Row>& rows) {
    json list = json::array();
    for (Row& row : rows) {
      ReplaceReferences(kind, row);
      vault_.Treat(kind, row.identity, row.document);
      list.push_back(std::move(row.document));
      ++text_.resources;
    }
    AppendYamlMembers(text_.yaml, {{std::string(model::CollectionName(kind)), std::move(list)}}, 0);
  }

  const KeySpace& keys_;
  const SchemaCatalog& schemas_;
  SecretVault vault_;
  std::map<Kind, std::vector<Row>> rows_;
  ExportedText text_;
};

}  // namespace

ExportedText WriteResources(const KeySpace& keys, const SchemaCatalog& schemas,
                            const std::vector<KeyValue>& entries, bool reveal_secrets) {
  return Exporting(keys, schemas, reveal_secrets).Run(entries);
}

}  // namespace aisix::admin::etcd
