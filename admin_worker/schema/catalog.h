// The schemas of every kind (conf/schemas), compiled into this binary, and the fixed texts of spec 03 §1.4.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin_worker/schema/schema.h"
#include "lib/model/kind.h"

namespace aisix::admin {

// The text of the schema of `kind`, from conf/schemas at build time.
std::string_view EmbeddedSchema(model::Kind kind);

// Immutable after construction: may be used by several threads at once.
class SchemaCatalog {
 public:
  // Compiles every schema; one that is broken is a defect of the build and aborts with its name.
  SchemaCatalog();

  // The strict contract: the report text "schema validation failed at `…`: …" without the offending values.
  std::optional<std::string> CheckWrite(model::Kind kind, const nlohmann::json& document) const;

  // The lenient contract: the report text; `unknown` (may be null) receives the members that are ignored.
  std::optional<std::string> CheckRead(model::Kind kind, const nlohmann::json& document,
                                       std::vector<UnknownField>* unknown) const;

 private:
  std::optional<std::string> FixedText(model::Kind kind, const nlohmann::json& document) const;
  std::map<model::Kind, Schema> schemas_;
};

// "schema validation failed at `«pointer»`: «message»".
std::string SchemaFailure(std::string_view pointer, std::string_view message);

}  // namespace aisix::admin
