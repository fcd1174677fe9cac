// From a YAML entry to a JSON document, with variables filled in (spec 02 §7.1, §7.4).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "admin_worker/source/file/interpolation.h"
#include "admin_worker/source/file/yaml_tree.h"

namespace aisix::admin::file {

// Converts entries of one file. The number of nodes over all entries is bounded, so that aliases cannot
// unfold a small file into an endless one.
class Converter {
 public:
  static constexpr size_t kMaxNodes = 5'000'000;

  // `variables` is borrowed.
  explicit Converter(const Variables& variables, size_t max_nodes = kMaxNodes)
      : variables_(variables), remaining_nodes_(max_nodes) {}

  // INVALID_ARGUMENT: "field `«path»`: «reason»".
  absl::StatusOr<nlohmann::json> Convert(const YamlNode& node);

 private:
  absl::StatusOr<nlohmann::json> ConvertAt(const YamlNode& node, const std::string& path);
  absl::StatusOr<nlohmann::json> ConvertMapping(const YamlNode& node, const std::string& path);

  const Variables& variables_;
  size_t remaining_nodes_;
};

// How a key that is no string is named in messages.
std::string DescribeKey(const YamlNode& key);
// Whether a mapping key is a string.
bool IsStringKey(const YamlNode& key);

}  // namespace aisix::admin::file
