#include "admin_worker/schema/evaluation.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <cmath>

#include "lib/model/decode/timestamp.h"

namespace aisix::admin {
namespace {

using Json = nlohmann::json;

// In the order of their evaluation: what is said about the value itself comes before what is inside it.
constexpr std::array kKeywords{"type",    "enum",      "const",      "required", "minimum",
                               "maximum", "minLength", "maxLength",  "minItems", "maxItems",
                               "pattern", "format",    "properties", "items",    "additionalProperties",
                               "allOf",   "anyOf",     "oneOf",      "not",      "if",
                               "x-write", "x-open"};

bool HasType(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer")
    return value.is_number_integer() || (value.is_number_float() && std::trunc(value.get<double>()) == value);
  return false;
}

bool HasAnyType(const Json& types, const Json& value) {
  if (types.is_string()) return HasType(value, types.get_ref<const std::string&>());
  for (const Json& type : types) {
    if (HasType(value, type.get_ref<const std::string&>())) return true;
  }
  return false;
}

long double NumberOf(const Json& value) {
  if (value.is_number_unsigned()) return static_cast<long double>(value.get<uint64_t>());
  if (value.is_number_integer()) return static_cast<long double>(value.get<int64_t>());
  return static_cast<long double>(value.get<double>());
}

// Characters of a UTF-8 text.
size_t Length(const std::string& text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string Escape(const std::string& name) {
  std::string escaped;
  for (char c : name) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

}  // namespace

bool Evaluation::Fail(std::string message) {
  if (!violation_) violation_ = Violation{Pointer(), std::move(message)};
  return false;
}

std::string Evaluation::Pointer() const {
  std::string pointer;
  for (const Segment& segment : path_) pointer += "/" + Escape(segment.name);
  return pointer;
}

void Evaluation::AddUnknown(const std::string& name) {
  if (unknown_ == nullptr) return;
  UnknownField field;
  for (const Segment& segment : path_) {
    field.path += segment.name + ".";
    field.pattern += (segment.is_index ? std::string("[]") : segment.name) + ".";
  }
  field.path += name;
  field.pattern += name;
  unknown_->push_back(std::move(field));
}

const Json& Evaluation::Resolve(const Json& schema) const {
  if (!schema.is_object()) return schema;
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  constexpr std::string_view kPrefix = "#/definitions/";
  const auto& target = reference->get_ref<const std::string&>();
  return root_.at("definitions").at(target.substr(kPrefix.size()));
}

bool Evaluation::Check(const Json& reference, const Json& value) {
  const Json& schema = Resolve(reference);
  if (schema.is_boolean()) return schema.get<bool>() || Fail("value is not accepted here");
  for (const char* keyword : kKeywords) {
    const auto argument = schema.find(keyword);
    if (argument != schema.end() && !CheckKeyword(schema, keyword, *argument, value)) return false;
  }
  return true;
}

bool Evaluation::CheckKeyword(const Json& schema, const std::string& keyword, const Json& argument,
                              const Json& value) {
  if (keyword == "type") return CheckType(argument, value);
  if (keyword == "enum") return CheckEnum(argument, value);
  if (keyword == "const") return argument == value || Fail(fmt::format("{} was expected", argument.dump()));
  if (keyword == "required") return CheckRequired(argument, value);
  if (keyword == "properties") return CheckProperties(schema, value);
  if (keyword == "additionalProperties") return CheckAdditional(schema, argument, value);
  if (keyword == "minimum" || keyword == "maximum") return CheckNumber(keyword, argument, value);
  if (keyword == "items" || keyword == "minItems" || keyword == "maxItems")
    return CheckItems(keyword, argument, value);
  if (keyword == "anyOf" || keyword == "oneOf") return CheckChoice(keyword, argument, value);
  if (keyword == "not") return !Probe(argument, value) || Fail("value is not allowed");
  if (keyword == "if") return CheckCondition(schema, value);
  if (keyword == "x-write") return contract_ == Contract::kRead || Check(argument, value);
  if (keyword == "x-open") return ReportUnknown(schema, value);
  if (keyword == "allOf") {
    for (const Json& part : argument) {
      if (!Check(part, value)) return false;
    }
    return true;
  }
  return CheckString(keyword, argument, value);
}

bool Evaluation::CheckType(const Json& argument, const Json& value) {
  if (HasAnyType(argument, value)) return true;
  if (argument.is_string()) return Fail(fmt::format("value is not of type {}", argument.dump()));
  std::string types;
  for (const Json& type : argument) types += (types.empty() ? "" : ", ") + type.dump();
  return Fail(fmt::format("value is not of types {}", types));
}

bool Evaluation::CheckEnum(const Json& argument, const Json& value) {
  std::string names;
  for (size_t i = 0; i < argument.size(); ++i) {
    if (argument[i] == value) return true;
    if (i > 0) names += i + 1 == argument.size() ? " or " : ", ";
    names += argument[i].dump();
  }
  return Fail(fmt::format("value is not one of {}", names));
}

bool Evaluation::CheckRequired(const Json& argument, const Json& value) {
  if (!value.is_object()) return true;
  for (const Json& name : argument) {
    if (!value.contains(name.get_ref<const std::string&>()))
      return Fail(fmt::format("{} is a required property", name.dump()));
  }
  return true;
}

bool Evaluation::CheckMember(const Json& schema, const Json& value, std::string name, bool is_index) {
  path_.push_back({std::move(name), is_index});
  const bool ok = Check(schema, value);
  path_.pop_back();
  return ok;
}

bool Evaluation::CheckProperties(const Json& schema, const Json& value) {
  if (!value.is_object()) return true;
  const Json& properties = schema.at("properties");
  for (const auto& [name, member] : value.items()) {
    const auto property = properties.find(name);
    if (property != properties.end() && !CheckMember(*property, member, name, false)) return false;
  }
  return true;
}

bool Evaluation::CheckAdditional(const Json& schema, const Json& argument, const Json& value) {
  if (!value.is_object()) return true;
  const auto properties = schema.find("properties");
  const auto read_only = schema.find("x-read");
  std::vector<std::string> unexpected;
  for (const auto& [name, member] : value.items()) {
    if (properties != schema.end() && properties->contains(name)) continue;
    if (argument.is_object()) {
      if (!CheckMember(argument, member, name, false)) return false;
      continue;
    }
    if (argument.get<bool>()) continue;
    if (contract_ == Contract::kWrite) {
      unexpected.push_back(fmt::format("'{}'", name));
    } else if (read_only == schema.end() || !read_only->contains(name)) {
      AddUnknown(name);
    }
  }
  if (unexpected.empty()) return true;
  return Fail(fmt::format("Additional properties are not allowed ({} {} unexpected)",
                          fmt::join(unexpected, ", "), unexpected.size() == 1 ? "was" : "were"));
}

bool Evaluation::ReportUnknown(const Json& schema, const Json& value) {
  if (contract_ != Contract::kRead || !value.is_object()) return true;
  const Json& properties = schema.at("properties");
  for (const auto& [name, member] : value.items()) {
    if (!properties.contains(name)) AddUnknown(name);
  }
  return true;
}

bool Evaluation::CheckNumber(const std::string& keyword, const Json& argument, const Json& value) {
  if (!value.is_number()) return true;
  if (keyword == "minimum")
    return NumberOf(value) >= NumberOf(argument) ||
           Fail(fmt::format("value is less than the minimum of {}", argument.dump()));
  return NumberOf(value) <= NumberOf(argument) ||
         Fail(fmt::format("value is greater than the maximum of {}", argument.dump()));
}

bool Evaluation::CheckString(const std::string& keyword, const Json& argument, const Json& value) {
  if (!value.is_string()) return true;
  const auto& text = value.get_ref<const std::string&>();
  if (keyword == "pattern") {
    const auto pattern = patterns_.find(argument.get_ref<const std::string&>());
    return RE2::PartialMatch(text, *pattern->second) ||
           Fail(fmt::format("value does not match {}", argument.dump()));
  }
  if (keyword == "format")  // the integer widths are the decoder's matter
    return argument != "date-time" || model::decode::ParseTimestamp(text) ||
           Fail("value is not a \"date-time\"");
  const auto limit = argument.get<size_t>();
  const char* plural = limit == 1 ? "" : "s";
  if (keyword == "minLength")
    return Length(text) >= limit || Fail(fmt::format("value is shorter than {} character{}", limit, plural));
  return Length(text) <= limit || Fail(fmt::format("value is longer than {} character{}", limit, plural));
}

bool Evaluation::CheckItems(const std::string& keyword, const Json& argument, const Json& value) {
  if (!value.is_array()) return true;
  if (keyword == "items") {
    for (size_t i = 0; i < value.size(); ++i) {
      if (!CheckMember(argument, value[i], std::to_string(i), true)) return false;
    }
    return true;
  }
  const auto limit = argument.get<size_t>();
  const char* plural = limit == 1 ? "" : "s";
  if (keyword == "minItems")
    return value.size() >= limit || Fail(fmt::format("value has less than {} item{}", limit, plural));
  return value.size() <= limit || Fail(fmt::format("value has more than {} item{}", limit, plural));
}

bool Evaluation::Probe(const Json& schema, const Json& value) {
  std::optional<Violation> kept = std::exchange(violation_, std::nullopt);
  std::vector<UnknownField>* unknown = std::exchange(unknown_, nullptr);
  const bool ok = Check(schema, value);
  violation_ = std::move(kept);
  unknown_ = unknown;
  return ok;
}

bool Evaluation::CheckChoice(const std::string& keyword, const Json& branches, const Json& value) {
  const Json* matching = nullptr;
  const Json* only_candidate = nullptr;  // the one branch whose type fits: its complaint helps most
  size_t candidates = 0;
  size_t matches = 0;
  for (const Json& branch : branches) {
    if (Probe(branch, value)) {
      if (matches++ == 0) matching = &branch;
      continue;
    }
    const Json& resolved = Resolve(branch);
    const auto type = resolved.find("type");
    if (type != resolved.end() && HasAnyType(*type, value)) {
      ++candidates;
      only_candidate = &branch;
    }
  }
  if (matches == 0) {
    if (candidates == 1) return Check(*only_candidate, value);
    return Fail(
        fmt::format("value is not valid under any of the schemas listed in the '{}' keyword", keyword));
  }
  if (keyword == "oneOf" && matches > 1)
    return Fail("value is valid under more than one of the schemas listed in the 'oneOf' keyword");
  return Check(*matching, value);  // again, for its unknown fields
}

bool Evaluation::CheckCondition(const Json& schema, const Json& value) {
  const auto branch = schema.find(Probe(schema.at("if"), value) ? "then" : "else");
  return branch == schema.end() || Check(*branch, value);
}

}  // namespace aisix::admin
