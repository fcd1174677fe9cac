#include "proxy_worker/providers/openai_plan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/crypto/secret.h"
#include "lib/destinations/bases.h"
#include "lib/url/url.h"

namespace aisix::proxy {
namespace {

constexpr std::string_view kChatPath = "/chat/completions";

// A credential goes into a field value as it is: visible ASCII, blanks and tabs.
bool IsCredential(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); });
}

openai_chat::BodyOverrides OverridesOf(const model::ProviderKey& key) {
  openai_chat::BodyOverrides overrides;
  for (const auto& rename : key.request.param_renames) {
    if (rename.first != rename.second) overrides.renames.push_back(rename);
  }
  overrides.defaults = key.request.default_body_fields;
  overrides.temperature_max = key.request.temperature_max;
  overrides.temperature_min = key.request.temperature_min;
  overrides.flatten_content = key.response.content_list_to_string;
  return overrides;
}

std::unique_ptr<const HeaderPolicy> Headers(std::string_view id, const model::ProviderKey& key, bool stream) {
  std::string lines = "authorization: Bearer " + key.api_key + "\r\ncontent-type: application/json\r\n";
  std::vector<std::string> names = {"authorization", "content-type", "x-aisix-request-id"};
  std::vector<HeaderPolicy::Field> fallbacks = {{"user-agent", "aisix/0.1"}, {"accept-encoding", "gzip"}};
  if (stream) {
    lines.append("accept: text/event-stream\r\n");
    names.emplace_back("accept");
  } else {
    fallbacks.emplace_back("accept", "*/*");
  }
  auto policy = std::make_unique<const HeaderPolicy>(key.request, id, key.display_name, lines,
                                                     std::move(names), fallbacks);
  crypto::Wipe(lines);
  return policy;
}

}  // namespace

OpenAiPlan::OpenAiPlan(std::string_view id, const model::ProviderKey& key,
                       std::shared_ptr<const net::ClientSecurity> security, const OutboundProxies& proxies)
    : AdapterPlan(model::Adapter::kOpenAi),
      overrides_(OverridesOf(key)),
      reasoning_path_(key.response.reasoning_field.value_or("")),
      stream_done_marker_(key.response.stream_done_marker) {
  if (key.api_key.empty()) {
    refusal_ = InvalidUpstreamCredentials("provider_key.api_key is empty");
    return;
  }
  if (!IsCredential(key.api_key)) {
    refusal_ = InvalidUpstreamCredentials("provider_key.api_key contains invalid header characters");
    return;
  }
  const auto base = destinations::OpenAiBase(key.provider, key.api_base.value_or(""));
  if (!base.ok()) {
    const auto detail = base.status().message();
    refusal_ = InvalidUpstreamConfiguration({detail.data(), detail.size()});
    return;
  }
  // The path belongs behind the whole base, also behind a query that somebody pasted with it.
  const std::string full = base->base + std::string(kChatPath);
  const absl::StatusOr<url::Url> target = url::Parse(full);
  if (!target.ok()) {
    const auto detail = target.status().message();
    refusal_ = InvalidUpstreamConfiguration("api_base is not a valid URL: " +
                                            std::string(detail.data(), detail.size()));
    return;
  }
  chat_target_ = target->Target();
  chat_url_ = url::RedactUrls(full);
  origin_.host = target->host;
  origin_.port = target->port;
  origin_.host_header = target->HostHeader();
  if (target->scheme == "https") {
    if (security == nullptr) {
      refusal_ = ConfigFault("no TLS context for " + chat_url_);  // never a credential in plain text
      return;
    }
    origin_.security = std::move(security);
  }
  origin_.proxy = proxies.For(origin_.host, origin_.port, origin_.security != nullptr);
  whole_headers_ = Headers(id, key, false);
  stream_headers_ = Headers(id, key, true);
}

}  // namespace aisix::proxy
