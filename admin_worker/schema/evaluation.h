// One evaluation of a schema against a document. Used by schema.cc only.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin_worker/schema/schema.h"

namespace aisix::admin {

class Evaluation {
 public:
  using Json = nlohmann::json;
  using Patterns = std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>>;

  // Everything is borrowed. `unknown` may be null.
  Evaluation(const Json& root, const Patterns& patterns, Contract contract,
             std::vector<UnknownField>* unknown)
      : root_(root), patterns_(patterns), contract_(contract), unknown_(unknown) {}

  // Whether `value` satisfies `schema`. The first violation is kept.
  bool Check(const Json& schema, const Json& value);
  std::optional<Violation> TakeViolation() { return std::move(violation_); }

 private:
  struct Segment {
    std::string name;
    bool is_index;
  };

  bool Fail(std::string message);
  bool CheckKeyword(const Json& schema, const std::string& keyword, const Json& argument, const Json& value);
  bool CheckType(const Json& argument, const Json& value);
  bool CheckEnum(const Json& argument, const Json& value);
  bool CheckRequired(const Json& argument, const Json& value);
  bool CheckProperties(const Json& schema, const Json& value);
  bool CheckAdditional(const Json& schema, const Json& argument, const Json& value);
  bool ReportUnknown(const Json& schema, const Json& value);
  bool CheckNumber(const std::string& keyword, const Json& argument, const Json& value);
  bool CheckString(const std::string& keyword, const Json& argument, const Json& value);
  bool CheckItems(const std::string& keyword, const Json& argument, const Json& value);
  bool CheckChoice(const std::string& keyword, const Json& branches, const Json& value);
  bool CheckCondition(const Json& schema, const Json& value);

  // Evaluates without leaving a violation or unknown fields behind.
  bool Probe(const Json& schema, const Json& value);
  bool CheckMember(const Json& schema, const Json& value, std::string name, bool is_index);
  const Json& Resolve(const Json& schema) const;
  std::string Pointer() const;
  void AddUnknown(const std::string& name);

  const Json& root_;
  const Patterns& patterns_;
  Contract contract_;
  std::vector<UnknownField>* unknown_;
  std::vector<Segment> path_;
  std::optional<Violation> violation_;
};

}  // namespace aisix::admin
