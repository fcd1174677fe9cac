// Where providers are: the base URL of each adapter (spec 05 §8.6, 07 §2.6). The proxy builds its requests
// from these, and the list of destinations that egress may dial is derived from the very same functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/url/url.h"

namespace aisix::destinations {

// A base URL without a trailing slash, and where connections for it go.
struct Endpoint {
  std::string base;
  url::Url url;

  url::HostPort host_port() const { return url.endpoint(); }
};

// Which wire family a provider key speaks (spec 07 §2.2): the provider strings "openai" and "anthropic"
// decide exactly as written, else the adapter. Empty: none.
std::string_view AdapterOf(std::string_view provider, std::string_view adapter);

// The base functions take `api_base` as configured, empty when it is absent. Errors are INVALID_ARGUMENT;
// their message is the `<detail>` of `invalid upstream configuration: <detail>`.

// openai adapter: chat, completions, embeddings, image generations.
absl::StatusOr<Endpoint> OpenAiBase(std::string_view provider, std::string_view api_base);
// anthropic adapter; `/v1/messages` is to be appended.
absl::StatusOr<Endpoint> AnthropicBase(std::string_view provider, std::string_view api_base);
// azure-openai adapter; `/openai/deployments/…` is to be appended.
absl::StatusOr<Endpoint> AzureBase(std::string_view api_base);
// bedrock and vertex adapters; the region comes from the credential.
absl::StatusOr<Endpoint> BedrockBase(std::string_view region, std::string_view api_base);
absl::StatusOr<Endpoint> VertexBase(std::string_view region, std::string_view api_base);

// The endpoints that are relayed without an adapter, of the OpenAI family: responses, audio, image edits,
// files. `name` is the provider key's display name. Here the message is the `<detail>` of `request payload is
// invalid: <detail>`.
absl::StatusOr<Endpoint> DirectOpenAiBase(std::string_view provider, std::string_view api_base,
                                          std::string_view name);
// The Anthropic family of the same; `/v1/…` is to be appended.
absl::StatusOr<Endpoint> DirectAnthropicBase(std::string_view provider, std::string_view api_base,
                                             std::string_view name);
// Rerank; `provider` is the model's. `/rerank` is to be appended.
absl::StatusOr<Endpoint> RerankBase(std::string_view provider, std::string_view api_base);

}  // namespace aisix::destinations
