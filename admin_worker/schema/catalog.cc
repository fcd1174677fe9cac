#include "admin_worker/schema/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "lib/model/model.h"

namespace aisix::admin {
namespace {

using model::Kind;

// "model group", "ensemble", "semantic router": the words of spec 03 §1.4.
std::string_view VirtualModelName(const nlohmann::json& document) {
  if (document.contains("routing")) return "model group";
  if (document.contains("ensemble")) return "ensemble";
  return "semantic router";
}

std::string Quoted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return fmt::format("`{}`", fmt::join(names, "`, `"));
}

}  // namespace

std::string SchemaFailure(std::string_view pointer, std::string_view message) {
  return fmt::format("schema validation failed at `{}`: {}", pointer, message);
}

SchemaCatalog::SchemaCatalog() {
  for (Kind kind : model::kKinds) {
    absl::StatusOr<Schema> schema = Schema::Parse(EmbeddedSchema(kind));
    if (!schema.ok()) {
      std::fprintf(stderr, "schema of %s: %s\n", std::string(model::CollectionName(kind)).c_str(),
                   std::string(schema.status().message()).c_str());
      std::abort();
    }
    schemas_.emplace(kind, *std::move(schema));
  }
}

std::optional<std::string> SchemaCatalog::CheckWrite(Kind kind, const nlohmann::json& document) const {
  const std::optional<Violation> violation = schemas_.at(kind).Check(document, Contract::kWrite);
  if (!violation) return std::nullopt;
  if (std::optional<std::string> text = FixedText(kind, document)) return SchemaFailure("", *text);
  return SchemaFailure(violation->pointer, violation->message);
}

std::optional<std::string> SchemaCatalog::CheckRead(Kind kind, const nlohmann::json& document,
                                                    std::vector<UnknownField>* unknown) const {
  const std::optional<Violation> violation = schemas_.at(kind).Check(document, Contract::kRead, unknown);
  if (!violation) return std::nullopt;
  return SchemaFailure(violation->pointer, violation->message);
}

// The text for a document whose only fault is one of those that have a text of their own.
std::optional<std::string> SchemaCatalog::FixedText(Kind kind, const nlohmann::json& document) const {
  const Schema& schema = schemas_.at(kind);
  if (kind == Kind::kGuardrail || kind == Kind::kObservabilityExporter) {
    std::vector<UnknownField> unknown;
    if (schema.Check(document, Contract::kRead, &unknown) || unknown.empty()) return std::nullopt;
    std::vector<std::string> paths;
    for (UnknownField& field : unknown) paths.push_back(std::move(field.path));
    return fmt::format("unknown field(s): {}", Quoted(std::move(paths)));
  }
  if (kind == Kind::kModel) {
    const std::vector<std::string_view> knobs = model::InapplicableKnobs(document);
    if (knobs.empty()) return std::nullopt;
    nlohmann::json stripped = document;
    for (std::string_view knob : knobs) stripped.erase(std::string(knob));
    if (schema.Check(stripped, Contract::kWrite)) return std::nullopt;
    return fmt::format("{} not accepted on a {}", Quoted({knobs.begin(), knobs.end()}),
                       VirtualModelName(document));
  }
  return std::nullopt;
}

}  // namespace aisix::admin
