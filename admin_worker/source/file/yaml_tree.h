// A YAML file as a tree (spec 02 §7.1, scalar rules of 01 §4.1), independent of the YAML library.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace aisix::admin::file {

struct YamlNode;
// Shared, because an alias is another mention of the same node.
using YamlNodePtr = std::shared_ptr<YamlNode>;

struct YamlNode {
  enum class Type { kNull, kScalar, kSequence, kMapping };
  Type type = Type::kNull;
  std::string scalar;
  bool quoted = false;  // a scalar that is a string whatever it looks like
  std::vector<YamlNodePtr> items;
  std::vector<std::pair<YamlNodePtr, YamlNodePtr>> members;  // in the order of the file
};

// The documents of a text. A syntax error, a duplicate key, an unknown or recursive alias: INVALID_ARGUMENT
// with a message that names line and column.
absl::StatusOr<std::vector<YamlNodePtr>> ParseYaml(std::string_view text);

}  // namespace aisix::admin::file
