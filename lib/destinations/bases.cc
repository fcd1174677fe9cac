#include "lib/destinations/bases.h"

#include <initializer_list>

#include "absl/strings/ascii.h"

namespace aisix::destinations {
namespace {

constexpr std::string_view kOpenAiDefault = "https://api.openai.com/v1";
constexpr std::string_view kAnthropicDefault = "https://api.anthropic.com";
constexpr std::string_view kAzureDomain = ".openai.azure.com";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string_view TrimSlashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

// Removes the first suffix of the list that fits, once, and the slashes before it.
std::string_view StripSuffix(std::string_view base, std::initializer_list<std::string_view> suffixes) {
  for (std::string_view suffix : suffixes) {
    if (!base.ends_with(suffix)) continue;
    base.remove_suffix(suffix.size());
    return TrimSlashes(base);
  }
  return base;
}

std::string Vendor(std::string_view provider) {
  return absl::AsciiStrToLower(std::string(Trim(provider)));
}

absl::StatusOr<Endpoint> Parse(std::string base) {
  absl::StatusOr<url::Url> url = url::Parse(base);
  if (!url.ok()) {
    return absl::InvalidArgumentError("api_base is not a valid URL: " + std::string(url.status().message()));
  }
  if (url->scheme != "https" && url->scheme != "http") {
    return absl::InvalidArgumentError("api_base is not a valid URL: the scheme must be http or https");
  }
  return Endpoint{std::move(base), *std::move(url)};
}

absl::Status NoBase(std::string_view provider) {
  std::string message = "provider_key for vendor \"";
  message.append(provider).append("\" has no upstream base URL configured");
  return absl::InvalidArgumentError(message);
}

// What a resource or deployment of Azure may be called.
bool IsAzureName(std::string_view name) {
  for (char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') return false;
  }
  return !name.empty();
}

bool HasHttpScheme(std::string_view text) {
  std::string start = absl::AsciiStrToLower(std::string(text.substr(0, 8)));
  return start.starts_with("http://") || start.starts_with("https://");
}

// A region becomes part of a host name and of a path.
bool IsRegion(std::string_view region) {
  return !region.empty() && region.find_first_of("/?# \t\n\r@:\\") == std::string_view::npos &&
         region.find("..") == std::string_view::npos;
}

absl::StatusOr<Endpoint> JoinOpenAiFamily(std::string_view base) {
  absl::StatusOr<Endpoint> endpoint = Parse(std::string(base));
  if (endpoint.ok() && endpoint->url.path.empty()) return Parse(std::string(base) + "/v1");
  return endpoint;
}

absl::StatusOr<std::string_view> DirectBase(std::string_view provider, std::string_view api_base,
                                            std::string_view name) {
  std::string_view base = TrimSlashes(Trim(api_base));
  if (base.empty()) {
    if (Vendor(provider) == "openai") return kOpenAiDefault;
    std::string message = "provider_key \"";
    message.append(name).append("\" has no api_base configured");
    return absl::InvalidArgumentError(message);
  }
  return StripSuffix(
      base, {"/audio/transcriptions", "/audio/translations", "/audio/speech", "/chat/completions",
             "/images/generations", "/completions", "/embeddings", "/responses", "/messages", "/rerank"});
}

}  // namespace

std::string_view AdapterOf(std::string_view provider, std::string_view adapter) {
  if (provider == "openai" || provider == "anthropic") return provider;
  return adapter;
}

absl::StatusOr<Endpoint> OpenAiBase(std::string_view provider, std::string_view api_base) {
  std::string_view base = TrimSlashes(Trim(api_base));
  if (base.empty()) {
    std::string vendor = Vendor(provider);
    if (!vendor.empty() && vendor != "openai") return NoBase(provider);
    return Parse(std::string(kOpenAiDefault));
  }
  base = StripSuffix(base, {"/chat/completions", "/completions", "/embeddings", "/images/generations",
                            "/audio/transcriptions", "/audio/translations", "/audio/speech"});
  std::string result(base);
  if (base == "https://api.openai.com" || base == "http://api.openai.com") result += "/v1";
  return Parse(std::move(result));
}

absl::StatusOr<Endpoint> AnthropicBase(std::string_view provider, std::string_view api_base) {
  std::string_view base = TrimSlashes(Trim(api_base));
  if (base.empty()) {
    std::string vendor = Vendor(provider);
    if (!vendor.empty() && vendor != "anthropic") return NoBase(provider);
    return Parse(std::string(kAnthropicDefault));
  }
  return Parse(std::string(StripSuffix(base, {"/v1/messages", "/v1"})));
}

absl::StatusOr<Endpoint> AzureBase(std::string_view api_base) {
  std::string_view base = TrimSlashes(Trim(api_base));
  if (base.empty()) return absl::InvalidArgumentError("azure provider_key has no api_base configured");
  if (!HasHttpScheme(base)) {
    if (!IsAzureName(base)) {
      return absl::InvalidArgumentError("azure resource name must match [A-Za-z0-9_-]+");
    }
    return Parse("https://" + std::string(base) + std::string(kAzureDomain));
  }
  if (base.find_first_of("@?#") != std::string_view::npos) {
    return absl::InvalidArgumentError("azure api_base must not contain '@', '?' or '#'");
  }
  absl::StatusOr<Endpoint> endpoint = Parse(std::string(base));
  if (!endpoint.ok()) return absl::InvalidArgumentError("azure " + std::string(endpoint.status().message()));
  const std::string& host = endpoint->url.host;
  if (!host.ends_with(kAzureDomain)) return endpoint;
  if (!IsAzureName(std::string_view(host).substr(0, host.size() - kAzureDomain.size()))) {
    return absl::InvalidArgumentError("azure resource name must match [A-Za-z0-9_-]+");
  }
  return Parse("https://" + host);
}

absl::StatusOr<Endpoint> BedrockBase(std::string_view region, std::string_view api_base) {
  std::string_view base = TrimSlashes(Trim(api_base));
  if (!base.empty()) return Parse(std::string(base));
  if (!IsRegion(region))
    return absl::InvalidArgumentError("bedrock provider_key.api_key has no usable region");
  return Parse("https://bedrock-runtime." + std::string(region) + ".amazonaws.com");
}

absl::StatusOr<Endpoint> VertexBase(std::string_view region, std::string_view api_base) {
  std::string_view base = Trim(api_base);
  if (base.empty()) {
    if (!IsRegion(region))
      return absl::InvalidArgumentError("vertex provider_key.api_key has no usable region");
    return Parse("https://" + std::string(region) + "-aiplatform.googleapis.com");
  }
  if (base.ends_with('/')) base.remove_suffix(1);
  absl::StatusOr<Endpoint> endpoint = Parse(std::string(base));
  if (!endpoint.ok()) return endpoint;
  if (base.find_first_of("@?#") != std::string_view::npos || !endpoint->url.path.empty()) {
    return absl::InvalidArgumentError("vertex api_base must be a bare http(s) origin");
  }
  return endpoint;
}

absl::StatusOr<Endpoint> DirectOpenAiBase(std::string_view provider, std::string_view api_base,
                                          std::string_view name) {
  absl::StatusOr<std::string_view> base = DirectBase(provider, api_base, name);
  if (!base.ok()) return base.status();
  return JoinOpenAiFamily(*base);
}

absl::StatusOr<Endpoint> DirectAnthropicBase(std::string_view provider, std::string_view api_base,
                                             std::string_view name) {
  absl::StatusOr<std::string_view> base = DirectBase(provider, api_base, name);
  if (!base.ok()) return base.status();
  return Parse(std::string(StripSuffix(*base, {"/v1"})));
}

absl::StatusOr<Endpoint> RerankBase(std::string_view provider, std::string_view api_base) {
  std::string_view base = TrimSlashes(api_base);
  if (base.empty()) {
    if (provider == "openai") base = "https://api.openai.com";
    if (provider == "cohere") base = "https://api.cohere.com";
    if (provider == "jina") base = "https://api.jina.ai";
  }
  if (base.empty()) return NoBase(provider);
  return JoinOpenAiFamily(base);
}

}  // namespace aisix::destinations
