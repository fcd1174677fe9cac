// One evaluation of a schema against a document. Used by schema.cc only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "admin_worker/schema/schema.h"

namespace re2 {
class RE2;
}

namespace aisix::admin {

// In the order of their evaluation: what is said about the value itself comes before what is inside it.
enum class Keyword : uint8_t {
  kType,
  kEnum,
  kConst,
  kRequired,
  kMinimum,
  kMaximum,
  kMinLength,
  kMaxLength,
  kMinItems,
  kMaxItems,
  kPattern,
  kFormat,
  kProperties,
  kItems,
  kAdditionalProperties,
  kAllOf,
  kAnyOf,
  kOneOf,
  kNot,
  kIf,
  kWrite,
  kOpen,
};

// What is to be checked for each object of a schema, found once: looking keywords up by name for every
// document costs more than all else.
struct SchemaNode {
  const nlohmann::json* schema = nullptr;  // behind a $ref
  std::vector<std::pair<Keyword, const nlohmann::json*>> steps;
};
using SchemaPlan = absl::flat_hash_map<const nlohmann::json*, SchemaNode>;
// `root` must stay where it is. INVALID_ARGUMENT: a $ref leads nowhere.
absl::StatusOr<SchemaPlan> PlanSchema(const nlohmann::json& root);

class Evaluation {
 public:
  using Json = nlohmann::json;
  using Patterns = std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>>;

  // Everything is borrowed. `unknown` may be null.
  Evaluation(const SchemaPlan& plan, const Patterns& patterns, Contract contract,
             std::vector<UnknownField>* unknown)
      : plan_(plan), patterns_(patterns), contract_(contract), unknown_(unknown) {}

  // Whether `value` satisfies `schema`. The first violation is kept.
  bool Check(const Json& schema, const Json& value);
  std::optional<Violation> TakeViolation() { return std::move(violation_); }

 private:
  struct Segment {
    std::string name;
    bool is_index;
  };

  bool Fail(std::string message);
  bool CheckKeyword(const Json& schema, Keyword keyword, const Json& argument, const Json& value);
  bool CheckType(const Json& argument, const Json& value);
  bool CheckEnum(const Json& argument, const Json& value);
  bool CheckRequired(const Json& argument, const Json& value);
  bool CheckProperties(const Json& schema, const Json& value);
  bool CheckAdditional(const Json& schema, const Json& argument, const Json& value);
  bool ReportUnknown(const Json& schema, const Json& value);
  bool CheckNumber(Keyword keyword, const Json& argument, const Json& value);
  bool CheckString(Keyword keyword, const Json& argument, const Json& value);
  bool CheckItems(Keyword keyword, const Json& argument, const Json& value);
  bool CheckChoice(Keyword keyword, const Json& branches, const Json& value);
  bool CheckCondition(const Json& schema, const Json& value);

  // Evaluates without leaving a violation or unknown fields behind.
  bool Probe(const Json& schema, const Json& value);
  bool CheckMember(const Json& schema, const Json& value, std::string name, bool is_index);
  std::string Pointer() const;
  void AddUnknown(const std::string& name);

  const SchemaPlan& plan_;
  const Patterns& patterns_;
  Contract contract_;
  std::vector<UnknownField>* unknown_;
  std::vector<Segment> path_;
  std::optional<Violation> violation_;
};

}  // namespace aisix::admin
