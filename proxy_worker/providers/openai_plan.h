// The `openai` adapter: where its requests go and what stands in their heads (spec 05 §8.3, 07 §4).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/http/client.h"
#include "proxy_worker/dialects/openai_chat/overrides.h"
#include "proxy_worker/dialects/openai_chat/reasoning.h"
#include "proxy_worker/pipeline/error.h"
#include "proxy_worker/providers/adapter_plan.h"
#include "proxy_worker/providers/header_policy.h"
#include "proxy_worker/upstream/outbound_proxies.h"

namespace aisix::proxy {

// Immutable; read by all loops.
class OpenAiPlan final : public AdapterPlan {
 public:
  // `security`: for https URLs; a key with such a URL and a null `security` refuses every request.
  OpenAiPlan(std::string_view id, const model::ProviderKey& key,
             std::shared_ptr<const net::ClientSecurity> security, const OutboundProxies& proxies = {});

  // Why no request can be made with this key; nullopt: one can.
  const std::optional<Error>& refusal() const { return refusal_; }

  // The rest is meaningful only without a refusal.
  const http::Origin& origin() const { return origin_; }
  std::string_view chat_target() const { return chat_target_; }
  // For messages: the URL of chat requests without credentials.
  std::string_view chat_url() const { return chat_url_; }
  // Head fields of a chat request but for x-aisix-request-id.
  const HeaderPolicy& chat_headers(bool stream) const { return stream ? *stream_headers_ : *whole_headers_; }
  const openai_chat::BodyOverrides& overrides() const { return overrides_; }
  const openai_chat::ReasoningPath& reasoning_path() const { return reasoning_path_; }
  model::StreamDoneMarker stream_done_marker() const { return stream_done_marker_; }

 private:
  std::optional<Error> refusal_;
  http::Origin origin_;
  std::string chat_target_;
  std::string chat_url_;
  std::unique_ptr<const HeaderPolicy> whole_headers_;
  std::unique_ptr<const HeaderPolicy> stream_headers_;
  openai_chat::BodyOverrides overrides_;
  openai_chat::ReasoningPath reasoning_path_;
  model::StreamDoneMarker stream_done_marker_;
};

}  // namespace aisix::proxy
