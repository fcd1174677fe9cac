#include "proxy_worker/server/route.h"

#include <array>

namespace aisix::proxy {
namespace {

enum Methods : uint8_t { kGet = 1, kPost = 2, kDelete = 4, kAny = 8 };

struct Entry {
  std::string_view path;  // `*` is one non-empty segment
  Endpoint endpoint;
  uint8_t methods;
  std::string_view allow;
};

constexpr std::string_view kAllowGet = "GET,HEAD";
constexpr std::string_view kAllowPost = "POST";
constexpr std::string_view kAllowPostGet = "POST,GET,HEAD";
constexpr std::string_view kAllowGetDelete = "GET,HEAD,DELETE";

// The paths that are asked for most come first.
constexpr std::array kFixed{
    Entry{"/v1/chat/completions", Endpoint::kChatCompletions, kPost, kAllowPost},
    Entry{"/livez", Endpoint::kLivez, kGet, kAllowGet},
    Entry{"/readyz", Endpoint::kReadyz, kGet, kAllowGet},
    Entry{"/v1/models", Endpoint::kModels, kGet, kAllowGet},
    Entry{"/v1/completions", Endpoint::kCompletions, kPost, kAllowPost},
    Entry{"/v1/embeddings", Endpoint::kEmbeddings, kPost, kAllowPost},
    Entry{"/v1/images/generations", Endpoint::kImageGenerations, kPost, kAllowPost},
    Entry{"/v1/images/edits", Endpoint::kImageEdits, kPost, kAllowPost},
    Entry{"/v1/messages", Endpoint::kMessages, kPost, kAllowPost},
    Entry{"/v1/messages/count_tokens", Endpoint::kCountTokens, kPost, kAllowPost},
    Entry{"/v1/rerank", Endpoint::kRerank, kPost, kAllowPost},
    Entry{"/v1/responses", Endpoint::kResponses, kPost, kAllowPost},
    Entry{"/v1/audio/transcriptions", Endpoint::kAudioTranscriptions, kPost, kAllowPost},
    Entry{"/v1/audio/translations", Endpoint::kAudioTranslations, kPost, kAllowPost},
    Entry{"/v1/audio/speech", Endpoint::kAudioSpeech, kPost, kAllowPost},
    Entry{"/v1/videos", Endpoint::kVideos, kPost, kAllowPost},
    Entry{"/v1/realtime", Endpoint::kRealtime, kGet, kAllowGet},
    Entry{"/v1/files", Endpoint::kFiles, kPost | kGet, kAllowPostGet},
    Entry{"/v1/batches", Endpoint::kBatches, kPost | kGet, kAllowPostGet},
    Entry{"/v1/fine_tuning/jobs", Endpoint::kFineTuningJobs, kPost | kGet, kAllowPostGet},
    Entry{"/mcp", Endpoint::kMcp, kAny, ""},
    Entry{"/mcp/", Endpoint::kMcp, kAny, ""},
    Entry{"/.well-known/oauth-protected-resource", Endpoint::kProtectedResource, kAny, ""},
    Entry{"/.well-known/oauth-protected-resource/mcp", Endpoint::kProtectedResourceMcp, kAny, ""},
};

constexpr std::array kWithParameter{
    Entry{"/v1/videos/*", Endpoint::kVideo, kGet, kAllowGet},
    Entry{"/v1/videos/*/content", Endpoint::kVideoContent, kGet, kAllowGet},
    Entry{"/v1/files/*", Endpoint::kFile, kGet | kDelete, kAllowGetDelete},
    Entry{"/v1/files/*/content", Endpoint::kFileContent, kGet, kAllowGet},
    Entry{"/v1/batches/*", Endpoint::kBatch, kGet, kAllowGet},
    Entry{"/v1/batches/*/cancel", Endpoint::kBatchCancel, kPost, kAllowPost},
    Entry{"/v1/fine_tuning/jobs/*", Endpoint::kFineTuningJob, kGet, kAllowGet},
    Entry{"/v1/fine_tuning/jobs/*/cancel", Endpoint::kFineTuningJobCancel, kPost, kAllowPost},
    Entry{"/mcp/*", Endpoint::kMcpServer, kAny, ""},
    Entry{"/a2a/*", Endpoint::kA2a, kPost, kAllowPost},
    Entry{"/a2a/*/.well-known/agent-card.json", Endpoint::kA2aCard, kGet, kAllowGet},
};

bool MatchesWithParameter(std::string_view pattern, std::string_view path) {
  const size_t star = pattern.find('*');
  const std::string_view tail = pattern.substr(star + 1);
  if (path.size() <= star + tail.size() || !path.starts_with(pattern.substr(0, star)) ||
      !path.ends_with(tail)) {
    return false;
  }
  const std::string_view segment = path.substr(star, path.size() - star - tail.size());
  return segment.find('/') == std::string_view::npos;
}

uint8_t MethodBit(std::string_view method) {
  if (method == "POST") return kPost;
  if (method == "GET" || method == "HEAD") return kGet;
  if (method == "DELETE") return kDelete;
  return 0;
}

Route Answer(const Entry& entry, std::string_view method) {
  const bool allowed = (entry.methods & kAny) != 0 || (entry.methods & MethodBit(method)) != 0;
  const Route::Kind kind = allowed ? Route::Kind::kEndpoint : Route::Kind::kMethodNotAllowed;
  return Route{kind, entry.endpoint, entry.allow};
}

}  // namespace

Route MatchRoute(std::string_view method, std::string_view path) {
  for (const Entry& entry : kFixed) {
    if (path == entry.path) return Answer(entry, method);
  }
  for (const Entry& entry : kWithParameter) {
    if (MatchesWithParameter(entry.path, path)) return Answer(entry, method);
  }
  if (path.starts_with("/passthrough/")) return Route{Route::Kind::kTunnelRemoved, Endpoint::kOther, ""};
  return Route{};
}

}  // namespace aisix::proxy
