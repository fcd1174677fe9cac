#include "lib/destinations/provider_key.h"

#include <nlohmann/json.hpp>
#include <set>

#include "lib/destinations/bases.h"

namespace aisix::destinations {
namespace {

using Json = nlohmann::json;

std::string StringMember(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

class Collected {
 public:
  void Add(const absl::StatusOr<Endpoint>& endpoint) {
    if (endpoint.ok()) names_.insert(url::Canonical(endpoint->host_port()));
  }
  void AddUrl(std::string_view text) {
    absl::StatusOr<url::Url> url = url::Parse(text);
    if (url.ok() && (url->scheme == "https" || url->scheme == "http")) {
      names_.insert(url::Canonical(url->endpoint()));
    }
  }
  std::vector<std::string> Take() { return {names_.begin(), names_.end()}; }

 private:
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string> DestinationsOf(const ProviderKeyFacts& key) {
  Collected result;
  std::string_view adapter = AdapterOf(key.provider, key.adapter);
  if (adapter == "openai") {
    result.Add(OpenAiBase(key.provider, key.api_base));
    result.Add(DirectOpenAiBase(key.provider, key.api_base, ""));
    return result.Take();
  }
  if (adapter == "anthropic") {
    result.Add(AnthropicBase(key.provider, key.api_base));
    result.Add(DirectAnthropicBase(key.provider, key.api_base, ""));
    return result.Take();
  }
  Json credential = Json::parse(key.credential, nullptr, /*allow_exceptions=*/false);
  if (adapter == "azure-openai") {
    result.Add(AzureBase(key.api_base));
    if (credential.is_object()) {
      std::string authority = StringMember(credential, "authority_host");
      result.AddUrl(authority.empty() ? "https://login.microsoftonline.com" : authority);
    }
  } else if (adapter == "bedrock") {
    result.Add(BedrockBase(StringMember(credential, "region"), key.api_base));
  } else if (adapter == "vertex") {
    result.Add(VertexBase(StringMember(credential, "region"), key.api_base));
    if (credential.is_object() && credential.contains("service_account_json")) {
      result.AddUrl(StringMember(credential["service_account_json"], "token_uri"));
    }
  }
  return result.Take();
}

std::vector<std::string> DestinationsOf(const model::ProviderKey& key) {
  ProviderKeyFacts facts;
  facts.provider = key.provider;
  facts.adapter = model::AdapterSlug(key.adapter);
  if (key.api_base) facts.api_base = *key.api_base;
  facts.credential = key.api_key;
  return DestinationsOf(facts);
}

}  // namespace aisix::destinations
