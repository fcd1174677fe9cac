// The endpoints of the proxy listener and how telemetry names them (spec 05 §3.1, 11 §7.3, §7.4, §8.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace aisix::proxy {

enum class Endpoint : uint8_t {
  kLivez,
  kReadyz,
  kModels,
  kChatCompletions,
  kCompletions,
  kEmbeddings,
  kImageGenerations,
  kImageEdits,
  kMessages,
  kCountTokens,
  kRerank,
  kResponses,
  kAudioTranscriptions,
  kAudioTranslations,
  kAudioSpeech,
  kVideos,
  kVideo,         // /v1/videos/{id}
  kVideoContent,  // /v1/videos/{id}/content
  kRealtime,
  kFiles,
  kFile,
  kFileContent,
  kBatches,
  kBatch,
  kBatchCancel,
  kFineTuningJobs,
  kFineTuningJob,
  kFineTuningJobCancel,
  kProtectedResource,  // /.well-known/oauth-protected-resource
  kProtectedResourceMcp,
  kMcp,
  kMcpServer,
  kA2a,
  kA2aCard,
  kOther,
};

// The `endpoint` label for a request path, also for paths that match no route.
std::string_view EndpointTemplate(std::string_view path);
// The `endpoint` label of a routed request.
std::string_view EndpointTemplate(Endpoint endpoint);
// The `inbound_protocol` label that belongs to an `endpoint` label.
std::string_view InboundProtocol(std::string_view endpoint_template);
// Whether the aisix_llm_* families count it.
bool IsLlm(Endpoint endpoint);
// The `handler` label of usage events; empty for endpoints that emit none.
std::string_view HandlerLabel(Endpoint endpoint);
// Whether its errors have the Anthropic envelope (spec 05 §5.2).
bool UsesAnthropicEnvelope(Endpoint endpoint);

}  // namespace aisix::proxy
