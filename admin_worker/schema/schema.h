// JSON Schema (draft-07, the part that conf/schemas uses) over nlohmann::json. Patterns are RE2, so that a
// document cannot cost more than linear time; messages never hold a value of the document, because documents
// hold credentials (spec 03 §1.4).
//
// Keywords of our own let one schema stand for both contracts of spec 03 §1.3: `x-write` holds a schema that
// only counts for writes, `x-read` names properties that only reads accept; and `additionalProperties: false`
// counts for writes only, reads collect what it would have refused. Where writes accept unknown members too,
// `x-open: true` lets reads collect them.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::admin {

enum class Contract { kWrite, kRead };

struct Violation {
  std::string pointer;  // JSON pointer; empty: the document itself
  std::string message;
};

// A member that the schema does not know.
struct UnknownField {
  std::string path;     // dotted, list positions as numbers: "c.0.d"
  std::string pattern;  // dotted, list positions as "[]"

  friend bool operator==(const UnknownField&, const UnknownField&) = default;
};

// One compiled schema. Immutable: may be used by several threads at once.
class Schema {
 public:
  // A text that is no JSON, or a pattern that does not compile: INVALID_ARGUMENT.
  static absl::StatusOr<Schema> Parse(std::string_view text);
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // The first violation, or nothing. For reads, `unknown` (may be null) receives the unknown members.
  std::optional<Violation> Check(const nlohmann::json& document, Contract contract,
                                 std::vector<UnknownField>* unknown = nullptr) const;

 private:
  struct Compiled;
  explicit Schema(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace aisix::admin
