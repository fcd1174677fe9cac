#include "admin_worker/source/file/sugar.h"

#include <fmt/format.h>

#include <utility>

#include "lib/crypto/sha256.h"

namespace aisix::admin::file {
namespace {

using model::Kind;
using nlohmann::json;

constexpr int kMaxConditionDepth = 8;

std::string_view Noun(Kind kind) {
  switch (kind) {
    case Kind::kProviderKey:
      return "provider key";
    case Kind::kApiKey:
      return "api key";
    default:
      return "model";
  }
}

absl::Status UnknownName(const EntryTable& table, std::string_view what, Kind kind, std::string_view name) {
  const std::string_view collection = model::CollectionName(kind);
  const std::string names = table.Defined(kind, "");
  const std::string defined = names.empty() ? fmt::format("no {} are defined in this file", collection)
                                            : fmt::format("defined {}: {}", collection, names);
  return absl::InvalidArgumentError(
      fmt::format("{} references unknown {} \"{}\" ({})", what, Noun(kind), name, defined));
}

// A member that names an entry becomes a member that holds its id.
struct Reference {
  std::string_view name;         // "provider_key"
  std::string_view id;           // "provider_key_id"
  std::string_view prefix;       // of both in messages: "resolve."
  std::string_view description;  // "a provider key display_name"
  Kind kind;
};

absl::Status ResolveReference(const EntryTable& table, const Reference& reference, json& object) {
  const auto member = object.find(reference.name);
  if (member == object.end()) return absl::OkStatus();
  if (object.contains(reference.id))
    return absl::InvalidArgumentError(
        fmt::format("`{0}{1}` (a name reference) and `{0}{2}` are mutually exclusive — set exactly one",
                    reference.prefix, reference.name, reference.id));
  if (!member->is_string())
    return absl::InvalidArgumentError(
        fmt::format("`{}{}` must be a string ({})", reference.prefix, reference.name, reference.description));
  const std::string name = member->get<std::string>();
  if (!table.Defines(reference.kind, name))
    return UnknownName(table, fmt::format("`{}{}`", reference.prefix, reference.name), reference.kind, name);
  object.erase(member);
  object[std::string(reference.id)] = DeriveId(reference.kind, name);
  return absl::OkStatus();
}

absl::Status DesugarApiKey(const Variables& variables, json& document) {
  document.erase("display_name");
  const auto key_env = document.find("key_env");
  if (key_env != document.end() && document.contains("key_hash"))
    return absl::InvalidArgumentError("`key_env` and `key_hash` are mutually exclusive — set exactly one");
  if (key_env == document.end()) {
    if (document.contains("key_hash")) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "one of `key_env` (environment variable holding the plaintext key) or `key_hash` (SHA-256 hex of the "
        "plaintext) is required");
  }
  if (!key_env->is_string() || key_env->get_ref<const std::string&>().empty())
    return absl::InvalidArgumentError("`key_env` must be a non-empty string (an environment variable name)");
  const std::string name = key_env->get<std::string>();
  const std::string* plaintext = FindVariable(variables, name);
  if (plaintext == nullptr)
    return absl::InvalidArgumentError(
        fmt::format("`key_env` environment variable `{}` is unset or empty", name));
  if (plaintext->find("${") != std::string::npos)
    return absl::InvalidArgumentError(fmt::format(
        "`key_env` environment variable `{}` contains an uninterpolated `${{...}}` reference — set it to "
        "the plaintext key itself",
        name));
  document.erase(key_env);
  document["key_hash"] = crypto::Sha256::Of(*plaintext).ToHex();
  return absl::OkStatus();
}

// `model` and `api_key` are the dimensions and scopes whose values are ids.
std::optional<Kind> KindOfDimension(const json& object, std::string_view member) {
  const auto value = object.find(member);
  if (value == object.end()) return std::nullopt;
  if (*value == "model") return Kind::kModel;
  if (*value == "api_key") return Kind::kApiKey;
  return std::nullopt;
}

absl::Status ResolveConditionValue(const EntryTable& table, Kind kind, json& value) {
  if (!value.is_string()) return absl::OkStatus();  // the schema says what is wrong with it
  const auto& name = value.get_ref<const std::string&>();
  if (!table.Defines(kind, name))
    return UnknownName(
        table, fmt::format("`conditions` {} value", kind == Kind::kModel ? "model" : "api_key"), kind, name);
  value = DeriveId(kind, name);
  return absl::OkStatus();
}

absl::Status DesugarConditions(const EntryTable& table, json& nodes, int depth) {
  if (!nodes.is_array() || depth > kMaxConditionDepth) return absl::OkStatus();
  for (json& node : nodes) {
    if (!node.is_object()) continue;
    if (const auto children = node.find("children"); children != node.end()) {
      if (absl::Status status = DesugarConditions(table, *children, depth + 1); !status.ok()) return status;
    }
    const std::optional<Kind> kind = KindOfDimension(node, "dimension");
    const auto value = node.find("value");
    if (!kind || value == node.end()) continue;
    if (!value->is_array()) {
      if (absl::Status status = ResolveConditionValue(table, *kind, *value); !status.ok()) return status;
      continue;
    }
    for (json& item : *value) {
      if (absl::Status status = ResolveConditionValue(table, *kind, item); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status DesugarRateLimitPolicy(const EntryTable& table, json& document) {
  const std::optional<Kind> kind = KindOfDimension(document, "scope");
  if (const auto reference = document.find("scope_ref");
      kind && reference != document.end() && reference->is_string()) {
    const auto& name = reference->get_ref<const std::string&>();
    if (!table.Defines(*kind, name)) return UnknownName(table, "`scope_ref`", *kind, name);
    *reference = DeriveId(*kind, name);
  }
  const auto conditions = document.find("conditions");
  return conditions == document.end() ? absl::OkStatus() : DesugarConditions(table, *conditions, 1);
}

}  // namespace

absl::Status Desugar(const EntryTable& table, const Variables& variables, Entry& entry) {
  static constexpr Reference kProviderKey{"provider_key", "provider_key_id", "",
                                          "a provider key display_name", Kind::kProviderKey};
  static constexpr Reference kAnonymousKey{"anonymous_key", "anonymous_key_id", "", "a api key display_name",
                                           Kind::kApiKey};
  static constexpr Reference kResolveKey{"api_key", "api_key_id", "resolve.", "an api key display_name",
                                         Kind::kApiKey};
  json& document = entry.document;
  switch (entry.kind) {
    case Kind::kModel:
      return ResolveReference(table, kProviderKey, document);
    case Kind::kApiKey:
      return DesugarApiKey(variables, document);
    case Kind::kRateLimitPolicy:
      return DesugarRateLimitPolicy(table, document);
    case Kind::kPassthroughRoute: {
      if (absl::Status status = ResolveReference(table, kProviderKey, document); !status.ok()) return status;
      return ResolveReference(table, kAnonymousKey, document);
    }
    case Kind::kClaimMapping: {
      const auto resolve = document.find("resolve");
      if (resolve == document.end() || !resolve->is_object()) return absl::OkStatus();
      return ResolveReference(table, kResolveKey, *resolve);
    }
    default:
      return absl::OkStatus();
  }
}

}  // namespace aisix::admin::file
