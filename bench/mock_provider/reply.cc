#include "bench/mock_provider/reply.h"

#include <algorithm>

#include "bench/mock_provider/text.h"

namespace aisix::mock {
namespace {

constexpr std::string_view kSentence = "Hello! This is the mock provider, at your service.";

void AppendLogprobs(std::string& out, std::string_view token) {
  out += R"("logprobs":{"content":[{"token":)";
  AppendJsonString(out, token);
  out += R"(,"logprob":-0.25,"bytes":null,"top_logprobs":[]}],"refusal":null})";
}

void AppendMessage(std::string& out, const ChatRequest& request, const std::string& content) {
  out += R"("message":{"role":"assistant","content":)";
  if (request.tool_name.empty()) {
    AppendJsonString(out, content);
  } else {
    out += R"(null,"tool_calls":[{"id":"call_mock_1","type":"function","function":{"name":)";
    AppendJsonString(out, request.tool_name);
    out += R"(,"arguments":)";
    AppendJsonString(out, ToolArguments(request));
    out += "}}]";
  }
  if (request.behaviour.service_extras != 0) out += R"(,"refusal":null,"annotations":[])";
  out += '}';
}

}  // namespace

std::string ContentOf(const ChatRequest& request) {
  const Behaviour& behaviour = request.behaviour;
  if (!behaviour.content.empty()) return behaviour.content;
  if (behaviour.reply_bytes > 0) {
    constexpr std::string_view kFiller = "The quick brown fox jumps over the lazy dog. ";
    std::string content;
    content.reserve(static_cast<size_t>(behaviour.reply_bytes) + kFiller.size());
    while (content.size() < static_cast<size_t>(behaviour.reply_bytes)) content += kFiller;
    content.resize(static_cast<size_t>(behaviour.reply_bytes));
    return content;
  }
  if (behaviour.chunks > 0) return {};  // each piece is made when it is sent
  if (!request.tool_answer.empty()) return "The tool said: " + request.tool_answer;
  if (request.images + request.audio_parts > 0) {
    return "I see " + std::to_string(request.images) + " image(s) and " +
           std::to_string(request.audio_parts) + " audio part(s).";
  }
  return std::string(kSentence);
}

int64_t ChunkCount(const ChatRequest& request, const std::string& content) {
  if (request.behaviour.chunks > 0) return request.behaviour.chunks;
  return std::max<int64_t>(1, std::count(content.begin(), content.end(), ' ') + 1);
}

std::string_view Piece(const ChatRequest& request, const std::string& content, int64_t index, int64_t count) {
  if (content.empty()) return "word ";
  auto boundary = [&](int64_t i) {
    size_t position = content.size() * static_cast<size_t>(i) / static_cast<size_t>(count);
    while (position < content.size() && (static_cast<unsigned char>(content[position]) & 0xC0) == 0x80) {
      ++position;
    }
    return position;
  };
  (void)request;
  size_t begin = boundary(index);
  return std::string_view(content).substr(begin, boundary(index + 1) - begin);
}

std::string ToolArguments(const ChatRequest& request) {
  if (!request.behaviour.tool_arguments.empty()) return request.behaviour.tool_arguments;
  return R"({"location":"Paris","unit":"celsius"})";
}

std::string UsageOf(const ChatRequest& request, int64_t completion_tokens) {
  const std::string& wanted = request.behaviour.usage;
  if (wanted == "none") return {};
  if (!wanted.empty()) return wanted;
  int64_t prompt = 7 + 2 * request.messages;
  std::string out = R"({"prompt_tokens":)" + std::to_string(prompt) + R"(,"completion_tokens":)" +
                    std::to_string(completion_tokens) + R"(,"total_tokens":)" +
                    std::to_string(prompt + completion_tokens);
  if (request.behaviour.service_extras != 0) {
    out += R"(,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0})";
    out += R"(,"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0})";
  }
  out += '}';
  return out;
}

std::string CompletionId(uint64_t serial) {
  return "chatcmpl-mock-" + std::to_string(serial);
}

std::string ChatBody(const ChatRequest& request, uint64_t serial) {
  const Behaviour& behaviour = request.behaviour;
  if (!behaviour.body.empty()) return behaviour.body;
  std::string content = ContentOf(request);
  int64_t count = ChunkCount(request, content);
  if (content.empty()) {
    for (int64_t i = 0; i < count; ++i) content += Piece(request, std::string(), i, count);
  }
  std::string out;
  out.reserve(content.size() * static_cast<size_t>(std::max<int64_t>(1, request.choices)) + 512);
  out += R"({"id":")";
  out += CompletionId(serial);
  out += R"(","object":"chat.completion","created":)";
  out += std::to_string(kCreated);
  out += R"(,"model":)";
  AppendJsonString(out, request.model);
  out += R"(,"choices":[)";
  for (int64_t i = 0; i < request.choices; ++i) {
    if (i > 0) out += ',';
    out += R"({"index":)";
    out += std::to_string(i);
    out += ',';
    AppendMessage(out, request, content);
    out += ',';
    if (request.logprobs) {
      AppendLogprobs(out, content.substr(0, 5));
    } else {
      out += R"("logprobs":null)";
    }
    out += request.tool_name.empty() ? R"(,"finish_reason":"stop"})" : R"(,"finish_reason":"tool_calls"})";
  }
  out += ']';
  std::string usage = UsageOf(request, count * std::max<int64_t>(1, request.choices));
  if (!usage.empty()) {
    out += R"(,"usage":)";
    out += usage;
  }
  if (behaviour.service_extras != 0) {
    out += R"(,"service_tier":"default","system_fingerprint":"fp_mock")";
  }
  out += '}';
  return out;
}

std::string ErrorBody(const ChatRequest& request) {
  const Behaviour& behaviour = request.behaviour;
  if (!behaviour.error_body.empty()) return behaviour.error_body;
  return R"({"error":{"message":"mock error )" + std::to_string(behaviour.status) +
         R"(","type":"mock_error","param":"mock_param","code":"mock_code"}})";
}

std::string InvalidRequestBody(std::string_view message) {
  std::string out = R"({"error":{"message":)";
  AppendJsonString(out, message);
  out += R"(,"type":"invalid_request_error","param":null,"code":null}})";
  return out;
}

std::string ModelsBody() {
  return R"({"object":"list","data":[{"id":"mock","object":"model","created":)" + std::to_string(kCreated) +
         R"(,"owned_by":"mock"}]})";
}

void AppendRequestJson(std::string& out, const Request& request, bool with_body) {
  out += R"({"method":)";
  AppendJsonString(out, request.method);
  out += R"(,"target":)";
  AppendJsonString(out, request.target);
  out += R"(,"headers":[)";
  bool first = true;
  for (const auto& [name, value] : request.headers) {
    if (!first) out += ',';
    first = false;
    out += '[';
    AppendJsonString(out, name);
    out += ',';
    AppendJsonString(out, value);
    out += ']';
  }
  out += R"(],"body_bytes":)";
  out += std::to_string(request.body.size());
  out += R"(,"body_crc32":)";
  out += std::to_string(Crc32(request.body));
  if (with_body) {
    out += R"(,"body":)";
    AppendJsonString(out, request.body);
  }
  out += '}';
}

}  // namespace aisix::mock
