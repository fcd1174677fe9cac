#include "proxy_worker/server/route.h"

#include <gtest/gtest.h>

namespace aisix::proxy {
namespace {

struct Row {
  const char* method;
  const char* path;
  Route::Kind kind;
  Endpoint endpoint;
  const char* allow;
};

constexpr auto kOk = Route::Kind::kEndpoint;
constexpr auto kMethod = Route::Kind::kMethodNotAllowed;
constexpr auto kNone = Route::Kind::kNotFound;
constexpr auto kGone = Route::Kind::kTunnelRemoved;

TEST(MatchRoute, TheWholeTable) {
  const Row table[] = {
      {"GET", "/livez", kOk, Endpoint::kLivez, nullptr},
      {"HEAD", "/readyz", kOk, Endpoint::kReadyz, nullptr},
      {"POST", "/livez", kMethod, Endpoint::kLivez, "GET,HEAD"},
      {"GET", "/v1/models", kOk, Endpoint::kModels, nullptr},
      {"POST", "/v1/models", kMethod, Endpoint::kModels, "GET,HEAD"},
      {"GET", "/v1/models/gpt-4o", kNone, Endpoint::kOther, nullptr},
      {"POST", "/v1/chat/completions", kOk, Endpoint::kChatCompletions, nullptr},
      {"GET", "/v1/chat/completions", kMethod, Endpoint::kChatCompletions, "POST"},
      {"OPTIONS", "/v1/chat/completions", kMethod, Endpoint::kChatCompletions, "POST"},
      {"POST", "/v1/chat/completions/", kNone, Endpoint::kOther, nullptr},
      {"POST", "/V1/chat/completions", kNone, Endpoint::kOther, nullptr},
      {"POST", "/v1/completions", kOk, Endpoint::kCompletions, nullptr},
      {"POST", "/v1/embeddings", kOk, Endpoint::kEmbeddings, nullptr},
      {"POST", "/v1/images/generations", kOk, Endpoint::kImageGenerations, nullptr},
      {"POST", "/v1/images/edits", kOk, Endpoint::kImageEdits, nullptr},
      {"POST", "/v1/messages", kOk, Endpoint::kMessages, nullptr},
      {"POST", "/v1/messages/", kNone, Endpoint::kOther, nullptr},
      {"POST", "/v1/messages/count_tokens", kOk, Endpoint::kCountTokens, nullptr},
      {"POST", "/v1/rerank", kOk, Endpoint::kRerank, nullptr},
      {"POST", "/v1/responses", kOk, Endpoint::kResponses, nullptr},
      {"POST", "/v1/audio/transcriptions", kOk, Endpoint::kAudioTranscriptions, nullptr},
      {"POST", "/v1/audio/translations", kOk, Endpoint::kAudioTranslations, nullptr},
      {"POST", "/v1/audio/speech", kOk, Endpoint::kAudioSpeech, nullptr},
      {"POST", "/v1/videos", kOk, Endpoint::kVideos, nullptr},
      {"GET", "/v1/videos", kMethod, Endpoint::kVideos, "POST"},
      {"GET", "/v1/videos/v_1", kOk, Endpoint::kVideo, nullptr},
      {"GET", "/v1/videos/v_1/content", kOk, Endpoint::kVideoContent, nullptr},
      {"POST", "/v1/videos/v_1", kMethod, Endpoint::kVideo, "GET,HEAD"},
      {"GET", "/v1/videos/", kNone, Endpoint::kOther, nullptr},
      {"GET", "/v1/videos/a/b", kNone, Endpoint::kOther, nullptr},
      {"GET", "/v1/realtime", kOk, Endpoint::kRealtime, nullptr},
      {"GET", "/v1/files", kOk, Endpoint::kFiles, nullptr},
      {"POST", "/v1/files", kOk, Endpoint::kFiles, nullptr},
      {"PUT", "/v1/files", kMethod, Endpoint::kFiles, "POST,GET,HEAD"},
      {"DELETE", "/v1/files/f", kOk, Endpoint::kFile, nullptr},
      {"POST", "/v1/files/f", kMethod, Endpoint::kFile, "GET,HEAD,DELETE"},
      {"GET", "/v1/files/f/content", kOk, Endpoint::kFileContent, nullptr},
      {"GET", "/v1/batches", kOk, Endpoint::kBatches, nullptr},
      {"GET", "/v1/batches/b", kOk, Endpoint::kBatch, nullptr},
      {"POST", "/v1/batches/b/cancel", kOk, Endpoint::kBatchCancel, nullptr},
      {"GET", "/v1/batches/b/cancel", kMethod, Endpoint::kBatchCancel, "POST"},
      {"POST", "/v1/fine_tuning/jobs", kOk, Endpoint::kFineTuningJobs, nullptr},
      {"GET", "/v1/fine_tuning/jobs/j", kOk, Endpoint::kFineTuningJob, nullptr},
      {"POST", "/v1/fine_tuning/jobs/j/cancel", kOk, Endpoint::kFineTuningJobCancel, nullptr},
      {"PATCH", "/mcp", kOk, Endpoint::kMcp, nullptr},
      {"GET", "/mcp/", kOk, Endpoint::kMcp, nullptr},
      {"DELETE", "/mcp/files", kOk, Endpoint::kMcpServer, nullptr},
      {"GET", "/mcp/a/b", kNone, Endpoint::kOther, nullptr},
      {"GET", "/.well-known/oauth-protected-resource", kOk, Endpoint::kProtectedResource, nullptr},
      {"GET", "/.well-known/oauth-protected-resource/mcp", kOk, Endpoint::kProtectedResourceMcp, nullptr},
      {"POST", "/a2a/agent", kOk, Endpoint::kA2a, nullptr},
      {"GET", "/a2a/agent", kMethod, Endpoint::kA2a, "POST"},
      {"GET", "/a2a/agent/.well-known/agent-card.json", kOk, Endpoint::kA2aCard, nullptr},
      {"GET", "/passthrough/openai/v1/models", kGone, Endpoint::kOther, nullptr},
      {"GET", "/passthrough", kNone, Endpoint::kOther, nullptr},
      {"GET", "/", kNone, Endpoint::kOther, nullptr},
      {"GET", "/health", kNone, Endpoint::kOther, nullptr},
      {"GET", "/metrics", kNone, Endpoint::kOther, nullptr},
  };
  for (const Row& row : table) {
    const Route route = MatchRoute(row.method, row.path);
    EXPECT_EQ(route.kind, row.kind) << row.method << ' ' << row.path;
    EXPECT_EQ(route.endpoint, row.endpoint) << row.method << ' ' << row.path;
    if (row.allow != nullptr) {
      EXPECT_EQ(route.allow, row.allow) << row.method << ' ' << row.path;
    }
  }
}

TEST(EndpointTemplate, PathsBecomeTemplates) {
  EXPECT_EQ(EndpointTemplate("/v1/chat/completions"), "/v1/chat/completions");
  EXPECT_EQ(EndpointTemplate("/v1/videos"), "/v1/videos");
  EXPECT_EQ(EndpointTemplate("/v1/videos/x/content"), "/v1/videos/:id");
  EXPECT_EQ(EndpointTemplate("/v1/files/x/y/z"), "/v1/files/:id");
  EXPECT_EQ(EndpointTemplate("/v1/fine_tuning/jobs/j/cancel"), "/v1/fine_tuning/jobs/:id");
  EXPECT_EQ(EndpointTemplate("/mcp/"), "/mcp");
  EXPECT_EQ(EndpointTemplate("/mcp/files"), "/mcp/{server}");
  EXPECT_EQ(EndpointTemplate("/a2a/x"), "/a2a");
  EXPECT_EQ(EndpointTemplate("/passthrough/x"), "/passthrough_route");
  EXPECT_EQ(EndpointTemplate("/a2a"), "other");
  EXPECT_EQ(EndpointTemplate("/anything/else"), "other");
  EXPECT_EQ(EndpointTemplate("/v1/videos/:id"), "/v1/videos/:id");
}

TEST(EndpointTemplate, ProtocolFollowsTheTemplate) {
  EXPECT_EQ(InboundProtocol("/v1/messages"), "anthropic");
  EXPECT_EQ(InboundProtocol("/v1/messages/count_tokens"), "anthropic");
  EXPECT_EQ(InboundProtocol("/mcp/{server}"), "mcp");
  EXPECT_EQ(InboundProtocol("/a2a"), "a2a");
  EXPECT_EQ(InboundProtocol("/v1/realtime"), "realtime");
  EXPECT_EQ(InboundProtocol("/passthrough_route"), "passthrough");
  EXPECT_EQ(InboundProtocol("other"), "openai");
}

}  // namespace
}  // namespace aisix::proxy
