#include "admin_worker/source/etcd/export/secrets.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

namespace aisix::admin::etcd {
namespace {

using model::Kind;
using nlohmann::json;

constexpr std::string_view kPrefix = "AISIXSECRET";
// Members of guardrails, at any depth.
constexpr std::array kGuardrailSecrets{"api_key", "access_key_secret", "secret_access_key"};

std::string VariablePart(std::string_view text) {
  std::string part;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    part.push_back(std::isalnum(byte) ? static_cast<char>(std::toupper(byte)) : '_');
  }
  return part;
}

}  // namespace

void SecretVault::Hide(std::string_view kind, std::string_view identity, std::string_view field,
                       json& value) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return;
  const std::string name =
      fmt::format("{}_{}_{}_{}", kPrefix, kind, VariablePart(identity), VariablePart(field));
  // Identities that differ in other characters only share a name: the later ones get a number.
  std::string unique = name;
  const auto& secret = value.get_ref<const std::string&>();
  for (int number = 2; variables_.contains(unique) && variables_[unique] != secret; ++number)
    unique = fmt::format("{}_{}", name, number);
  variables_[unique] = secret;
  value = fmt::format("${{{}}}", unique);
  references_.insert(value.get<std::string>());
}

void SecretVault::HideStrings(std::string_view kind, std::string_view identity, const std::string& field,
                              json& value) {
  if (value.is_string()) return Hide(kind, identity, field, value);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) HideStrings(kind, identity, field + "_" + name, member);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      HideStrings(kind, identity, fmt::format("{}_{}", field, i), value[i]);
  }
}

void SecretVault::HideMembers(std::string_view kind, std::string_view identity, json& value) {
  if (!value.is_structured()) return;
  if (value.is_object()) {
    for (const char* name : kGuardrailSecrets) {
      if (value.contains(name)) Hide(kind, identity, name, value[name]);
    }
  }
  for (json& member : value) HideMembers(kind, identity, member);
}

void SecretVault::Escape(json& value) const {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (references_.contains(text)) return;
    std::string escaped;
    for (char c : text) escaped.append(c == '$' ? 2 : 1, c);
    value = std::move(escaped);
  } else if (value.is_structured()) {
    for (json& member : value) Escape(member);
  }
}

void SecretVault::Treat(Kind kind, std::string_view identity, json& document) {
  if (!reveal_) HideSecrets(kind, identity, document);
  Escape(document);
}

void SecretVault::HideSecrets(Kind kind, std::string_view identity, json& document) {
  switch (kind) {
    case Kind::kProviderKey:
      if (document.contains("api_key")) Hide("PROVIDER_KEY", identity, "api_key", document["api_key"]);
      if (!document.contains("request")) break;
      for (const char* block : {"default_headers", "default_body_fields"}) {
        json& request = document["request"];
        if (request.is_object() && request.contains(block))
          HideStrings("PROVIDER_KEY", identity, block, request[block]);
      }
      break;
    case Kind::kGuardrail:
      HideMembers("GUARDRAIL", identity, document);
      break;
    case Kind::kMcpServer:
      if (document.contains("secret")) Hide("MCP_SERVER", identity, "secret", document["secret"]);
      break;
    case Kind::kA2aAgent:
      if (document.contains("secret")) Hide("A2A_AGENT", identity, "secret", document["secret"]);
      break;
    case Kind::kObservabilityExporter:
      if (document.contains("headers"))
        HideStrings("OBSERVABILITY_EXPORTER", identity, "HEADER", document["headers"]);
      break;
    default:
      break;
  }
}

}  // namespace aisix::admin::etcd
