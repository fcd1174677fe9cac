#include "yaml-cpp/yaml.h"

#include <exception>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "lib/config/loader/file_format.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

// Aliases are expanded, so a small text can describe a huge tree.
constexpr int kMaxNodes = 200000;
constexpr int kMaxDepth = 64;

class Converter {
 public:
  explicit Converter(std::string_view origin) : origin_(origin) {}

  absl::StatusOr<Value> Convert(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      return absl::InvalidArgumentError("the document is too large");
    }
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return Scalar(node);
      case YAML::NodeType::Sequence:
        return Sequence(node, depth);
      case YAML::NodeType::Map:
        return Mapping(node, depth);
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
    }
    return YamlScalar("", origin_);
  }

 private:
  Value Scalar(const YAML::Node& node) {
    // "?" is a plain scalar; "!" a quoted or block one; anything else an explicit tag.
    const std::string& tag = node.Tag();
    bool text = tag == "!" || tag == "tag:yaml.org,2002:str";
    return text ? Value::String(node.Scalar(), origin_) : YamlScalar(node.Scalar(), origin_);
  }

  absl::StatusOr<Value> Sequence(const YAML::Node& node, int depth) {
    Value list = Value::List(origin_);
    for (const YAML::Node& element : node) {
      absl::StatusOr<Value> converted = Convert(element, depth + 1);
      if (!converted.ok()) return converted.status();
      list.elements.push_back(*std::move(converted));
    }
    return list;
  }

  absl::StatusOr<Value> Mapping(const YAML::Node& node, int depth) {
    Value table = Value::Table(origin_);
    absl::flat_hash_set<std::string> seen;
    for (const auto& entry : node) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) return Error(mark, "a key must be a plain string");
      const std::string& key = entry.first.Scalar();
      if (!seen.insert(key).second) return Error(mark, Concat(Quote(key), ": duplicated key in mapping"));
      absl::StatusOr<Value> converted = Convert(entry.second, depth + 1);
      if (!converted.ok()) return converted.status();
      table.members.push_back({key, *std::move(converted)});
    }
    return table;
  }

  static absl::Status Error(const YAML::Mark& mark, std::string_view message) {
    return absl::InvalidArgumentError(
        Concat(message, " at line ", mark.line + 1, " column ", mark.column + 1));
  }

  std::string_view origin_;
  int nodes_ = 0;
};

}  // namespace

absl::StatusOr<Value> ParseYaml(std::string_view text, std::string_view origin) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(Concat("Got ", documents.size(), " YAML documents, expected 1"));
    }
    if (documents.empty() || documents[0].IsNull()) return Value::Table(origin);
    absl::StatusOr<Value> root = Converter(origin).Convert(documents[0], 0);
    if (root.ok() && !root->is_table()) {
      return absl::InvalidArgumentError(Concat("invalid type: ", Describe(*root), ", expected a map"));
    }
    return root;
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        Concat(error.msg, " at line ", error.mark.line + 1, " column ", error.mark.column + 1));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace aisix::config
