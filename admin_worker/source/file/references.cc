#include "admin_worker/source/file/references.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/model/api_key.h"
#include "lib/model/claim_mapping.h"
#include "lib/model/mcp_auth_settings.h"
#include "lib/model/model.h"
#include "lib/model/oidc_provider.h"

namespace aisix::admin::file {
namespace {

using model::Kind;

class ReferenceChecks {
 public:
  explicit ReferenceChecks(EntryTable& table) : table_(table) {}

  void CheckModel(const Entry& entry) {
    const absl::StatusOr<model::Model> decoded = model::DecodeModel(entry.document);
    if (!decoded.ok()) return;
    const std::string& key = decoded->provider_key_id;
    if (decoded->kind() == model::ModelKind::kDirect && !table_.DefinesId(Kind::kProviderKey, key))
      table_.AddProblem(entry,
                        fmt::format("provider_key_id \"{}\" does not match any provider key defined in this "
                                    "file — reference it by name with `provider_key` instead",
                                    key));
    if (decoded->routing) {
      for (const model::RoutingTarget& target : decoded->routing->targets)
        NeedModel(entry, "routing target", target.model);
    }
    if (decoded->ensemble) {
      for (const model::EnsembleMember& member : decoded->ensemble->panel)
        NeedModel(entry, "ensemble panel member", member.model);
      NeedModel(entry, "ensemble judge", decoded->ensemble->judge.model);
    }
    if (decoded->semantic) CheckSemantic(entry, *decoded->semantic);
  }

  void CheckApiKey(const Entry& entry) {
    const absl::StatusOr<model::ApiKey> key = model::DecodeApiKey(entry.document);
    if (!key.ok()) return;
    for (const std::string& name : key->allowed_models) NeedModel(entry, "allowed_models entry", name);
    for (const std::string& name : key->allowed_routes) {
      if (name.find('*') != std::string::npos || table_.Defines(Kind::kPassthroughRoute, name)) continue;
      table_.AddProblem(
          entry, fmt::format("allowed_routes entry references unknown passthrough route \"{}\" (defined "
                             "routes: {})",
                             name, table_.Defined(Kind::kPassthroughRoute, "none")));
    }
    if (const auto [first, added] = hashes_.emplace(key->key_hash, entry.Scope()); !added)
      table_.AddProblem(entry,
                        fmt::format("duplicate api key credential: this entry's key resolves to the same "
                                    "key_hash as {} — every api key must have a distinct plaintext",
                                    first->second));
    if (!key->jwt_subject) return;
    if (!key->jwt_provider) {
      table_.AddProblem(
          entry, fmt::format("jwt_subject \"{}\" is set without jwt_provider — a subject must name the "
                             "OIDC provider allowed to assert it, or a second trusted provider could "
                             "impersonate this identity",
                             *key->jwt_subject));
      return;
    }
    const std::pair<std::string, std::string> binding(*key->jwt_provider, *key->jwt_subject);
    if (const auto [first, added] = bindings_.emplace(binding, entry.Scope()); !added)
      table_.AddProblem(entry, fmt::format("duplicate jwt binding \"{}\"/\"{}\": already used by {} — every "
                                           "(jwt_provider, jwt_subject) pair must be distinct",
                                           binding.first, binding.second, first->second));
  }

  void CheckOidcProvider(const Entry& entry) {
    const absl::StatusOr<model::OidcProvider> provider = model::DecodeOidcProvider(entry.document);
    if (!provider.ok()) return;
    if (provider->enabled) {
      if (const auto [first, added] = issuers_.emplace(provider->issuer, entry.Scope()); !added)
        table_.AddProblem(
            entry, fmt::format("duplicate enabled OIDC issuer \"{}\": already used by {} — every enabled "
                               "provider must have a distinct issuer",
                               provider->issuer, first->second));
    }
    CheckPublicUrl(entry, "issuer", provider->issuer);
    if (provider->jwks_uri) CheckPublicUrl(entry, "jwks_uri", *provider->jwks_uri);
  }

  void CheckClaimMapping(const Entry& entry) {
    const absl::StatusOr<model::ClaimMapping> mapping = model::DecodeClaimMapping(entry.document);
    if (!mapping.ok()) return;
    if (!table_.Defines(Kind::kOidcProvider, mapping->jwt_provider))
      table_.AddProblem(
          entry, fmt::format("jwt_provider references unknown OIDC provider \"{}\" (defined providers: "
                             "{})",
                             mapping->jwt_provider, table_.Defined(Kind::kOidcProvider, "none")));
    if (!table_.DefinesId(Kind::kApiKey, mapping->api_key_id))
      table_.AddProblem(
          entry, fmt::format("resolve.api_key_id \"{}\" does not match any api key defined in this file "
                             "— reference the key by name via `resolve.api_key` instead",
                             mapping->api_key_id));
  }

  void CheckMcpAuthSettings(const Entry& entry) {
    const absl::StatusOr<model::McpAuthSettings> settings = model::DecodeMcpAuthSettings(entry.document);
    if (settings.ok() && settings->resource_url && UrlHasCredentials(*settings->resource_url))
      table_.AddProblem(
          entry,
          "mcp_auth_settings resource_url must not embed credentials (user info or a token query "
          "parameter) — protected resource metadata is public");
  }

 private:
  void NeedModel(const Entry& entry, std::string_view field, const std::string& name) {
    if (name.find('*') != std::string::npos || table_.Defines(Kind::kModel, name)) return;
    table_.AddProblem(entry, fmt::format("{} references unknown model \"{}\" (defined models: {})", field,
                                         name, table_.Defined(Kind::kModel, "none")));
  }

  void CheckSemantic(const Entry& entry, const model::Semantic& semantic) {
    NeedModel(entry, "semantic embedding_model", semantic.embedding_model);
    NeedModel(entry, "semantic default", semantic.default_target);
    for (const model::SemanticRoute& route : semantic.routes)
      NeedModel(entry, fmt::format("semantic route \"{}\" target", route.name), route.target);
    if (semantic.on_embedding_failure == model::OnEmbeddingFailure::kTarget)
      NeedModel(entry, "semantic on_embedding_failure target", semantic.failure_target);
  }

  void CheckPublicUrl(const Entry& entry, std::string_view field, std::string_view url) {
    if (UrlHasCredentials(url))
      table_.AddProblem(entry,
                        fmt::format("OIDC provider {} must not embed credentials (user info or a token query "
                                    "parameter) — JWKS endpoints are public",
                                    field));
  }

  EntryTable& table_;
  std::map<std::string, std::string> hashes_;  // to the scope of the first entry; the same below
  std::map<std::pair<std::string, std::string>, std::string> bindings_;
  std::map<std::string, std::string> issuers_;
};

}  // namespace

bool UrlHasCredentials(std::string_view url) {
  const size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  if (rest.substr(0, rest.find_first_of("/?")).find('@') != std::string_view::npos) return true;
  const size_t question = rest.find('?');
  if (question == std::string_view::npos) return false;
  std::string_view query = rest.substr(question + 1);
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string parameter = absl::AsciiStrToLower(std::string(query.substr(0, end)));
    for (const std::string_view secret :
         {"access_token", "token", "client_secret", "password", "api_key", "apikey"}) {
      if (!parameter.starts_with(secret)) continue;
      if (parameter.size() == secret.size() || parameter[secret.size()] == '=') return true;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

void CheckReferences(EntryTable& table) {
  ReferenceChecks checks(table);
  for (const Entry& entry : table.entries) {
    if (!entry.usable) continue;
    switch (entry.kind) {
      case Kind::kModel:
        checks.CheckModel(entry);
        break;
      case Kind::kApiKey:
        checks.CheckApiKey(entry);
        break;
      case Kind::kOidcProvider:
        checks.CheckOidcProvider(entry);
        break;
      case Kind::kClaimMapping:
        checks.CheckClaimMapping(entry);
        break;
      case Kind::kMcpAuthSettings:
        checks.CheckMcpAuthSettings(entry);
        break;
      default:
        break;
    }
  }
}

}  // namespace aisix::admin::file
