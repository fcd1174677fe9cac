#include "toml++/toml.h"

#include <exception>
#include <sstream>

#include "lib/config/loader/file_format.h"
#include "lib/config/loader/text.h"

namespace aisix::config {
namespace {

Value Convert(const toml::node& node, std::string_view origin);

Value ConvertTable(const toml::table& table, std::string_view origin) {
  Value made = Value::Table(origin);
  for (const auto& [key, member] : table) {
    made.members.push_back({std::string(key.str()), Convert(member, origin)});
  }
  return made;
}

template <typename T>
std::string Text(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

Value Convert(const toml::node& node, std::string_view origin) {
  if (const auto* boolean = node.as_boolean()) return Value::Boolean(boolean->get(), origin);
  if (const auto* integer = node.as_integer()) return Value::Integer(integer->get(), origin);
  if (const auto* real = node.as_floating_point()) return Value::Float(real->get(), origin);
  if (const auto* string = node.as_string()) return Value::String(string->get(), origin);
  if (const auto* table = node.as_table()) return ConvertTable(*table, origin);
  if (const auto* array = node.as_array()) {
    Value list = Value::List(origin);
    for (const toml::node& element : *array) list.elements.push_back(Convert(element, origin));
    return list;
  }
  // No key is a date; as a text it is refused, or taken, where it was written.
  if (const auto* date = node.as_date()) return Value::String(Text(date->get()), origin);
  if (const auto* time = node.as_time()) return Value::String(Text(time->get()), origin);
  if (const auto* moment = node.as_date_time()) return Value::String(Text(moment->get()), origin);
  Value null;
  null.origin = std::string(origin);
  return null;
}

}  // namespace

absl::StatusOr<Value> ParseToml(std::string_view text, std::string_view origin) {
  try {
    return ConvertTable(toml::parse(text), origin);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(Concat(error.description(), " at line ", error.source().begin.line,
                                             " column ", error.source().begin.column));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace aisix::config
