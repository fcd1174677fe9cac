#include "admin_worker/source/file/convert.h"

#include <fmt/format.h>

#include "admin_worker/source/file/scalar.h"

namespace aisix::admin::file {
namespace {

absl::Status FieldError(const std::string& path, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("field `{}`: {}", path, reason));
}

absl::Status FieldError(const std::string& path, const absl::Status& reason) {
  return FieldError(path, std::string_view(reason.message().data(), reason.message().size()));
}

}  // namespace

bool IsStringKey(const YamlNode& key) {
  if (key.type != YamlNode::Type::kScalar) return false;
  if (key.quoted) return true;
  const absl::StatusOr<nlohmann::json> value = ReadPlainScalar(key.scalar);
  return value.ok() && value->is_string();
}

std::string DescribeKey(const YamlNode& key) {
  switch (key.type) {
    case YamlNode::Type::kNull:
      return "null";
    case YamlNode::Type::kScalar:
      return fmt::format("`{}`", key.scalar);
    case YamlNode::Type::kSequence:
      return "a sequence";
    case YamlNode::Type::kMapping:
      return "a mapping";
  }
  return {};
}

absl::StatusOr<nlohmann::json> Converter::Convert(const YamlNode& node) {
  return ConvertAt(node, "");
}

absl::StatusOr<nlohmann::json> Converter::ConvertAt(const YamlNode& node, const std::string& path) {
  if (remaining_nodes_ == 0) return FieldError(path, "the file unfolds into too many values");
  --remaining_nodes_;
  switch (node.type) {
    case YamlNode::Type::kNull:
      return nlohmann::json(nullptr);
    case YamlNode::Type::kMapping:
      return ConvertMapping(node, path);
    case YamlNode::Type::kScalar:
      break;
    case YamlNode::Type::kSequence: {
      nlohmann::json list = nlohmann::json::array();
      for (size_t i = 0; i < node.items.size(); ++i) {
        absl::StatusOr<nlohmann::json> item = ConvertAt(*node.items[i], fmt::format("{}[{}]", path, i));
        if (!item.ok()) return item.status();
        list.push_back(*std::move(item));
      }
      return list;
    }
  }
  nlohmann::json value = node.scalar;
  if (!node.quoted) {
    absl::StatusOr<nlohmann::json> plain = ReadPlainScalar(node.scalar);
    if (!plain.ok()) return FieldError(path, plain.status());
    value = *std::move(plain);
  }
  if (!value.is_string()) return value;
  absl::StatusOr<std::string> text = Interpolate(value.get_ref<const std::string&>(), variables_);
  if (!text.ok()) return FieldError(path, text.status());
  return nlohmann::json(*std::move(text));
}

absl::StatusOr<nlohmann::json> Converter::ConvertMapping(const YamlNode& node, const std::string& path) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [key, member] : node.members) {
    if (!IsStringKey(*key))
      return FieldError(path, fmt::format("mapping keys must be plain strings, found {}", DescribeKey(*key)));
    const std::string member_path = path.empty() ? key->scalar : path + "." + key->scalar;
    absl::StatusOr<nlohmann::json> value = ConvertAt(*member, member_path);
    if (!value.ok()) return value.status();
    object[key->scalar] = *std::move(value);
  }
  return object;
}

}  // namespace aisix::admin::file
