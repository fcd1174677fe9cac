#include "admin_worker/schema/evaluation.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "lib/model/decode/timestamp.h"

namespace aisix::admin {
namespace {

using Json = nlohmann::json;

struct NamedKeyword {
  const char* name;
  Keyword keyword;
};
constexpr NamedKeyword kKeywords[] = {
    {"type", Keyword::kType},
    {"enum", Keyword::kEnum},
    {"const", Keyword::kConst},
    {"required", Keyword::kRequired},
    {"minimum", Keyword::kMinimum},
    {"maximum", Keyword::kMaximum},
    {"minLength", Keyword::kMinLength},
    {"maxLength", Keyword::kMaxLength},
    {"minItems", Keyword::kMinItems},
    {"maxItems", Keyword::kMaxItems},
    {"pattern", Keyword::kPattern},
    {"format", Keyword::kFormat},
    {"properties", Keyword::kProperties},
    {"items", Keyword::kItems},
    {"additionalProperties", Keyword::kAdditionalProperties},
    {"allOf", Keyword::kAllOf},
    {"anyOf", Keyword::kAnyOf},
    {"oneOf", Keyword::kOneOf},
    {"not", Keyword::kNot},
    {"if", Keyword::kIf},
    {"x-write", Keyword::kWrite},
    {"x-open", Keyword::kOpen},
};

absl::Status PlanNode(const Json& root, const Json& node, SchemaPlan& plan) {
  if (!node.is_structured()) return absl::OkStatus();
  if (node.is_object()) {
    SchemaNode& planned = plan[&node];
    planned.schema = &node;
    if (const auto reference = node.find("$ref"); reference != node.end() && reference->is_string()) {
      constexpr std::string_view kPrefix = "#/definitions/";
      const std::string target = reference->get<std::string>();
      const auto definitions = root.find("definitions");
      if (!target.starts_with(kPrefix) || definitions == root.end() ||
          !definitions->contains(target.substr(kPrefix.size())))
        return absl::InvalidArgumentError(fmt::format("$ref {} leads nowhere", target));
      planned.schema = &definitions->at(target.substr(kPrefix.size()));
    }
    for (const NamedKeyword& named : kKeywords) {
      const auto argument = planned.schema->find(named.name);
      if (argument != planned.schema->end()) planned.steps.emplace_back(named.keyword, &*argument);
    }
  }
  for (const Json& member : node) {
    if (absl::Status status = PlanNode(root, member, plan); !status.ok()) return status;
  }
  return absl::OkStatus();
}

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

absl::StatusOr<SchemaPlan> PlanSchema(const Json& root) {
  SchemaPlan plan;
  if (absl::Status status = PlanNode(root, root, plan); !status.ok()) return status;
  return plan;
}

bool Evaluation::Fail(std::string message) {
  if (!violation_) violation_ = Violation{Pointer(), std::move(message)};
  return false;
}

std::string Evaluation::Pointer() const {
  std::string pointer;
  for (const Segment& segment : path_) {
    pointer.push_back('/');
    pointer += Escape(segment.name);
  }
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

bool Evaluation::Check(const Json& reference, const Json& value) {
  if (reference.is_boolean()) return reference.get<bool>() || Fail("value is not accepted here");
  const SchemaNode& node = plan_.at(&reference);
  for (const auto& [keyword, argument] : node.steps) {
    if (!CheckKeyword(*node.schema, keyword, *argument, value)) return false;
  }
  return true;
}

bool Evaluation::CheckKeyword(const Json& schema, Keyword keyword, const Json& argument, const Json& value) {
  switch (keyword) {
    case Keyword::kType:
      return CheckType(argument, value);
    case Keyword::kEnum:
      return CheckEnum(argument, value);
    case Keyword::kConst:
      return argument == value || Fail(fmt::format("{} was expected", argument.dump()));
    case Keyword::kRequired:
      return CheckRequired(argument, value);
    case Keyword::kProperties:
      return CheckProperties(schema, value);
    case Keyword::kAdditionalProperties:
      return CheckAdditional(schema, argument, value);
    case Keyword::kMinimum:
    case Keyword::kMaximum:
      return CheckNumber(keyword, argument, value);
    case Keyword::kItems:
    case Keyword::kMinItems:
    case Keyword::kMaxItems:
      return CheckItems(keyword, argument, value);
    case Keyword::kAnyOf:
    case Keyword::kOneOf:
      return CheckChoice(keyword, argument, value);
    case Keyword::kNot:
      return !Probe(argument, value) || Fail("value is not allowed");
    case Keyword::kIf:
      return CheckCondition(schema, value);
    case Keyword::kWrite:
      return contract_ == Contract::kRead || Check(argument, value);
    case Keyword::kOpen:
      return ReportUnknown(schema, value);
    case Keyword::kAllOf:
      return std::all_of(argument.begin(), argument.end(),
                         [&](const Json& part) { return Check(part, value); });
    case Keyword::kPattern:
    case Keyword::kFormat:
    case Keyword::kMinLength:
    case Keyword::kMaxLength:
      return CheckString(keyword, argument, value);
  }
  return true;
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

bool Evaluation::CheckNumber(Keyword keyword, const Json& argument, const Json& value) {
  if (!value.is_number()) return true;
  if (keyword == Keyword::kMinimum)
    return NumberOf(value) >= NumberOf(argument) ||
           Fail(fmt::format("value is less than the minimum of {}", argument.dump()));
  return NumberOf(value) <= NumberOf(argument) ||
         Fail(fmt::format("value is greater than the maximum of {}", argument.dump()));
}

bool Evaluation::CheckString(Keyword keyword, const Json& argument, const Json& value) {
  if (!value.is_string()) return true;
  const auto& text = value.get_ref<const std::string&>();
  if (keyword == Keyword::kPattern) {
    const auto pattern = patterns_.find(argument.get_ref<const std::string&>());
    return RE2::PartialMatch(text, *pattern->second) ||
           Fail(fmt::format("value does not match {}", argument.dump()));
  }
  if (keyword == Keyword::kFormat)  // the integer widths are the decoder's matter
    return argument != "date-time" || model::decode::ParseTimestamp(text) ||
           Fail("value is not a \"date-time\"");
  const auto limit = argument.get<size_t>();
  const char* plural = limit == 1 ? "" : "s";
  if (keyword == Keyword::kMinLength)
    return Length(text) >= limit || Fail(fmt::format("value is shorter than {} character{}", limit, plural));
  return Length(text) <= limit || Fail(fmt::format("value is longer than {} character{}", limit, plural));
}

bool Evaluation::CheckItems(Keyword keyword, const Json& argument, const Json& value) {
  if (!value.is_array()) return true;
  if (keyword == Keyword::kItems) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (!CheckMember(argument, value[i], std::to_string(i), true)) return false;
    }
    return true;
  }
  const auto limit = argument.get<size_t>();
  const char* plural = limit == 1 ? "" : "s";
  if (keyword == Keyword::kMinItems)
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

bool Evaluation::CheckChoice(Keyword keyword, const Json& branches, const Json& value) {
  const Json* matching = nullptr;
  const Json* only_candidate = nullptr;  // the one branch whose type fits: its complaint helps most
  size_t candidates = 0;
  size_t matches = 0;
  for (const Json& branch : branches) {
    if (Probe(branch, value)) {
      if (matches++ == 0) matching = &branch;
      continue;
    }
    if (!branch.is_object()) continue;
    const Json& resolved = *plan_.at(&branch).schema;
    const auto type = resolved.find("type");
    if (type != resolved.end() && HasAnyType(*type, value)) {
      ++candidates;
      only_candidate = &branch;
    }
  }
  if (matches == 0) {
    if (candidates == 1) return Check(*only_candidate, value);
    return Fail(fmt::format("value is not valid under any of the schemas listed in the '{}' keyword",
                            keyword == Keyword::kOneOf ? "oneOf" : "anyOf"));
  }
  if (keyword == Keyword::kOneOf && matches > 1)
    return Fail("value is valid under more than one of the schemas listed in the 'oneOf' keyword");
  return Check(*matching, value);  // again, for its unknown fields
}

bool Evaluation::CheckCondition(const Json& schema, const Json& value) {
  const auto branch = schema.find(Probe(schema.at("if"), value) ? "then" : "else");
  return branch == schema.end() || Check(*branch, value);
}

}  // namespace aisix::admin
