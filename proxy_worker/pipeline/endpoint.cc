#include "proxy_worker/pipeline/endpoint.h"

#include <array>

namespace aisix::proxy {
namespace {

constexpr std::string_view kOtherLabel = "other";
constexpr std::string_view kPassthroughLabel = "/passthrough_route";

struct Description {
  Endpoint endpoint;
  std::string_view label;
  std::string_view handler;
  bool llm;
};

// In the order of Endpoint.
constexpr std::array kDescriptions{
    Description{Endpoint::kLivez, "/livez", "", false},
    Description{Endpoint::kReadyz, "/readyz", "", false},
    Description{Endpoint::kModels, "/v1/models", "", false},
    Description{Endpoint::kChatCompletions, "/v1/chat/completions", "chat", true},
    Description{Endpoint::kCompletions, "/v1/completions", "completions", true},
    Description{Endpoint::kEmbeddings, "/v1/embeddings", "embeddings", true},
    Description{Endpoint::kImageGenerations, "/v1/images/generations", "images", true},
    Description{Endpoint::kImageEdits, "/v1/images/edits", "images", true},
    Description{Endpoint::kMessages, "/v1/messages", "messages", true},
    Description{Endpoint::kCountTokens, "/v1/messages/count_tokens", "", true},
    Description{Endpoint::kRerank, "/v1/rerank", "rerank", true},
    Description{Endpoint::kResponses, "/v1/responses", "responses", true},
    Description{Endpoint::kAudioTranscriptions, "/v1/audio/transcriptions", "audio", true},
    Description{Endpoint::kAudioTranslations, "/v1/audio/translations", "audio", true},
    Description{Endpoint::kAudioSpeech, "/v1/audio/speech", "audio", true},
    Description{Endpoint::kVideos, "/v1/videos", "videos", true},
    Description{Endpoint::kVideo, "/v1/videos/:id", "", true},
    Description{Endpoint::kVideoContent, "/v1/videos/:id", "", true},
    Description{Endpoint::kRealtime, "/v1/realtime", "realtime", true},
    Description{Endpoint::kFiles, "/v1/files", "files", false},
    Description{Endpoint::kFile, "/v1/files/:id", "files", false},
    Description{Endpoint::kFileContent, "/v1/files/:id", "files", false},
    Description{Endpoint::kBatches, "/v1/batches", "batches", false},
    Description{Endpoint::kBatch, "/v1/batches/:id", "batches", false},
    Description{Endpoint::kBatchCancel, "/v1/batches/:id", "batches", false},
    Description{Endpoint::kFineTuningJobs, "/v1/fine_tuning/jobs", "fine_tuning", false},
    Description{Endpoint::kFineTuningJob, "/v1/fine_tuning/jobs/:id", "fine_tuning", false},
    Description{Endpoint::kFineTuningJobCancel, "/v1/fine_tuning/jobs/:id", "fine_tuning", false},
    Description{Endpoint::kProtectedResource, kOtherLabel, "", false},
    Description{Endpoint::kProtectedResourceMcp, kOtherLabel, "", false},
    Description{Endpoint::kMcp, "/mcp", "mcp", false},
    Description{Endpoint::kMcpServer, "/mcp/{server}", "mcp", false},
    Description{Endpoint::kA2a, "/a2a", "a2a", false},
    Description{Endpoint::kA2aCard, "/a2a", "", false},
    Description{Endpoint::kOther, kOtherLabel, "", false},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < kDescriptions.size(); ++i) {
    if (static_cast<size_t>(kDescriptions[i].endpoint) != i) return false;
  }
  return kDescriptions.size() == static_cast<size_t>(Endpoint::kOther) + 1;
}
static_assert(InOrder());

const Description& Describe(Endpoint endpoint) {
  return kDescriptions[static_cast<size_t>(endpoint)];
}

struct PrefixLabel {
  std::string_view prefix;
  std::string_view label;
};

constexpr std::array kPrefixLabels{
    PrefixLabel{"/v1/videos/", "/v1/videos/:id"},
    PrefixLabel{"/v1/files/", "/v1/files/:id"},
    PrefixLabel{"/v1/batches/", "/v1/batches/:id"},
    PrefixLabel{"/v1/fine_tuning/jobs/", "/v1/fine_tuning/jobs/:id"},
    PrefixLabel{"/mcp/", "/mcp/{server}"},
    PrefixLabel{"/a2a/", "/a2a"},
    PrefixLabel{"/passthrough/", kPassthroughLabel},
};

}  // namespace

std::string_view EndpointTemplate(std::string_view path) {
  for (const Description& description : kDescriptions) {
    if (path == description.label && path.find(':') == std::string_view::npos &&
        path.find('{') == std::string_view::npos && description.label != "/a2a") {
      return description.label;
    }
  }
  if (path == "/mcp/") return "/mcp";
  for (const PrefixLabel& entry : kPrefixLabels) {
    if (path.size() > entry.prefix.size() && path.starts_with(entry.prefix)) return entry.label;
  }
  return kOtherLabel;
}

std::string_view EndpointTemplate(Endpoint endpoint) {
  return Describe(endpoint).label;
}

std::string_view InboundProtocol(std::string_view endpoint_template) {
  if (endpoint_template == "/v1/messages" || endpoint_template == "/v1/messages/count_tokens") {
    return "anthropic";
  }
  if (endpoint_template == "/mcp" || endpoint_template == "/mcp/{server}") return "mcp";
  if (endpoint_template == "/a2a") return "a2a";
  if (endpoint_template == "/v1/realtime") return "realtime";
  if (endpoint_template == kPassthroughLabel) return "passthrough";
  return "openai";
}

bool IsLlm(Endpoint endpoint) {
  return Describe(endpoint).llm;
}

std::string_view HandlerLabel(Endpoint endpoint) {
  return Describe(endpoint).handler;
}

bool UsesAnthropicEnvelope(Endpoint endpoint) {
  return endpoint == Endpoint::kMessages || endpoint == Endpoint::kCountTokens;
}

}  // namespace aisix::proxy
