#include "proxy_worker/telemetry/client_type.h"

#include <re2/re2.h>

#include <array>
#include <cctype>
#include <utility>

#include "proxy_worker/telemetry/labels.h"

namespace aisix::proxy {
namespace {

struct KnownClient {
  std::string_view substring;  // of the lower-cased header
  std::string_view client;
};

// The first match wins: tools before the SDKs whose names they carry.
constexpr std::array kKnownClients{
    KnownClient{"claude-cli", "claude-code"},
    KnownClient{"claude-code", "claude-code"},
    KnownClient{"codex", "codex"},
    KnownClient{"cline", "cline"},
    KnownClient{"roo-code", "roo-code"},
    KnownClient{"roocode", "roo-code"},
    KnownClient{"kilo-code", "kilocode"},
    KnownClient{"kilocode", "kilocode"},
    KnownClient{"zoo-code", "zoo-code"},
    KnownClient{"zoocode", "zoo-code"},
    KnownClient{"githubcopilot", "github-copilot"},
    KnownClient{"cursor", "cursor"},
    KnownClient{"opencode", "opencode"},
    KnownClient{"qwencode", "qwen-code"},
    KnownClient{"geminicli", "gemini-cli"},
    KnownClient{"charm-crush", "crush"},
    KnownClient{"zed/", "zed"},
    KnownClient{"aider", "aider"},
    KnownClient{"openai-python", "openai-python"},
    KnownClient{"openai/python", "openai-python"},
    KnownClient{"openai-node", "openai-node"},
    KnownClient{"openai/js", "openai-node"},
    KnownClient{"anthropic-sdk-python", "anthropic-python"},
    KnownClient{"anthropic/python", "anthropic-python"},
    KnownClient{"anthropic-sdk-typescript", "anthropic-typescript"},
    KnownClient{"anthropic/js", "anthropic-typescript"},
    KnownClient{"langchain", "langchain"},
    KnownClient{"llama-index", "llamaindex"},
    KnownClient{"llama_index", "llamaindex"},
    KnownClient{"llamaindex", "llamaindex"},
    KnownClient{"litellm", "litellm"},
    KnownClient{"ai-sdk/provider-utils", "vercel-ai-sdk"},
    KnownClient{"curl", "curl"},
    KnownClient{"python-requests", "python-requests"},
    KnownClient{"python-httpx", "httpx"},
    KnownClient{"httpx", "httpx"},
    KnownClient{"aiohttp", "aiohttp"},
    KnownClient{"okhttp", "okhttp"},
    KnownClient{"go-http-client", "go-http-client"},
    KnownClient{"node-fetch", "node"},
    KnownClient{"undici", "node"},
    KnownClient{"axios", "node"},
    KnownClient{"postmanruntime", "postman"},
    KnownClient{"mozilla", "browser"},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

ClientTypeRules::ClientTypeRules() = default;
ClientTypeRules::ClientTypeRules(ClientTypeRules&&) noexcept = default;
ClientTypeRules& ClientTypeRules::operator=(ClientTypeRules&&) noexcept = default;
ClientTypeRules::~ClientTypeRules() = default;

absl::StatusOr<ClientTypeRules> ClientTypeRules::Compile(const std::vector<config::ClientTypeRule>& rules) {
  ClientTypeRules compiled;
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  for (const config::ClientTypeRule& rule : rules) {
    auto pattern = std::make_unique<RE2>(rule.pattern, options);
    if (!pattern->ok()) {
      return absl::InvalidArgumentError("observability.metrics.client_type_rules: invalid pattern: " +
                                        pattern->error());
    }
    compiled.rules_.push_back(Rule{std::move(pattern), rule.client});
  }
  return compiled;
}

std::string_view ClientTypeRules::Classify(std::string_view user_agent) const {
  user_agent = Trim(user_agent);
  if (user_agent.empty()) return kUnknown;
  for (const Rule& rule : rules_) {
    re2::StringPiece text(user_agent.data(), user_agent.size());
    if (RE2::PartialMatch(text, *rule.pattern)) return rule.client;
  }
  std::string lower(user_agent);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const KnownClient& known : kKnownClients) {
    if (lower.find(known.substring) != std::string::npos) return known.client;
  }
  return "other";
}

std::string_view ClientTypeCache::Classify(std::string_view user_agent) {
  constexpr size_t kMostEntries = 256;
  constexpr size_t kLongestKept = 512;  // callers choose the text: bound what is kept of it
  if (user_agent.empty()) return kUnknown;
  if (user_agent == last_agent_) return last_client_;
  auto it = seen_.find(absl::string_view(user_agent.data(), user_agent.size()));
  if (it != seen_.end()) {
    last_agent_.assign(user_agent);
    last_client_ = it->second;
    return it->second;
  }
  std::string_view client = rules_.Classify(user_agent);
  if (user_agent.size() > kLongestKept) return client;
  if (seen_.size() >= kMostEntries) seen_.clear();
  seen_.emplace(user_agent, client);
  return client;
}

}  // namespace aisix::proxy
