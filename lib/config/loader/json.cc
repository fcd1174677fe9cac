#include "nlohmann/json.hpp"

#include <set>
#include <vector>

#include "lib/config/loader/file_format.h"
#include "lib/config/loader/json_text.h"
#include "lib/config/loader/scalar.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

using Json = nlohmann::ordered_json;

Value Convert(const Json& json, std::string_view origin) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::Boolean(json.get<bool>(), origin);
    case Json::value_t::number_integer:
      return Value::Integer(json.get<int64_t>(), origin);
    case Json::value_t::number_unsigned: {
      uint64_t number = json.get<uint64_t>();
      if (number > INT64_MAX) return Value::Float(static_cast<double>(number), origin);
      return Value::Integer(static_cast<int64_t>(number), origin);
    }
    case Json::value_t::number_float:
      return Value::Float(json.get<double>(), origin);
    case Json::value_t::string:
      return Value::String(json.get_ref<const std::string&>(), origin);
    case Json::value_t::array: {
      Value list = Value::List(origin);
      for (const Json& element : json) list.elements.push_back(Convert(element, origin));
      return list;
    }
    case Json::value_t::object: {
      Value table = Value::Table(origin);
      for (const auto& [key, member] : json.items()) table.members.push_back({key, Convert(member, origin)});
      return table;
    }
    default:
      return YamlScalar("", origin);
  }
}

// The library's prefix "[json.exception.parse_error.101] " says nothing to an operator, and the token that
// it read last may be a secret.
std::string Presentable(std::string_view message) {
  if (message.starts_with("[")) {
    size_t end = message.find("] ");
    if (end != std::string_view::npos) message.remove_prefix(end + 2);
  }
  size_t token = message.find("; last read: ");
  if (token == std::string_view::npos) return std::string(message);
  size_t rest = message.rfind("'; expected ");
  std::string text(message.substr(0, token));
  if (rest != std::string_view::npos && rest > token) text += message.substr(rest + 1);
  return text;
}

}  // namespace

absl::StatusOr<Value> ParseJsonValue(std::string_view text, std::string_view origin) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::string duplicate;
  auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > 64) throw std::length_error("the document is too deep");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second && duplicate.empty()) duplicate = key;
    }
    return true;
  };
  try {
    Json json = Json::parse(text, watch);
    if (!duplicate.empty()) {
      return absl::InvalidArgumentError(Concat("duplicate key ", Quote(duplicate)));
    }
    return Convert(json, origin);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(Presentable(error.what()));
  }
}

absl::StatusOr<Value> ParseJson(std::string_view text, std::string_view origin) {
  absl::StatusOr<Value> root = ParseJsonValue(text, origin);
  if (root.ok() && !root->is_table()) {
    return absl::InvalidArgumentError(Concat("invalid type: ", Describe(*root), ", expected a map"));
  }
  return root;
}

}  // namespace aisix::config
