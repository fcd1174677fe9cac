#include "bench/mock_provider/stream.h"

#include <algorithm>

#include "bench/mock_provider/reply.h"
#include "bench/mock_provider/text.h"

namespace aisix::mock {
namespace {

std::string PrefixOf(const ChatRequest& request, uint64_t serial) {
  std::string out = R"({"id":")" + CompletionId(serial) + R"(","object":"chat.completion.chunk","created":)" +
                    std::to_string(kCreated) + R"(,"model":)";
  AppendJsonString(out, request.model);
  if (request.behaviour.service_extras != 0) {
    out += R"(,"service_tier":"default","system_fingerprint":"fp_mock")";
  }
  out += R"(,"choices":)";
  return out;
}

}  // namespace

EventSource::EventSource(const ChatRequest& request, uint64_t serial)
    : request_(request),
      line_end_(request.behaviour.crlf != 0 ? "\r\n" : "\n"),
      content_(ContentOf(request)),
      tool_arguments_(ToolArguments(request)),
      count_(ChunkCount(request, content_)),
      prefix_(PrefixOf(request, serial)) {}

void EventSource::AppendEvent(std::string& out, std::string_view payload) {
  if (request_.behaviour.comments != 0) {
    out += ": mock comment" + line_end_ + "event: chunk" + line_end_ + "id: " + std::to_string(sent_) +
           line_end_;
  }
  out += "data: ";
  out += payload;
  out += line_end_;
  out += line_end_;
}

void EventSource::AppendChunk(std::string& out, int64_t choice, std::string_view delta,
                              std::string_view token, std::string_view finish_reason) {
  std::string payload = prefix_;
  payload += R"([{"index":)";
  payload += std::to_string(choice);
  payload += R"(,"delta":)";
  payload += delta;
  if (request_.logprobs && !token.empty()) {
    payload += R"(,"logprobs":{"content":[{"token":)";
    AppendJsonString(payload, token);
    payload += R"(,"logprob":-0.25,"bytes":null,"top_logprobs":[]}],"refusal":null})";
  } else if (request_.behaviour.service_extras != 0) {
    payload += R"(,"logprobs":null)";
  }
  if (finish_reason.empty()) {
    payload += R"(,"finish_reason":null}])";
  } else {
    payload += R"(,"finish_reason":")";
    payload += finish_reason;
    payload += R"("}])";
  }
  if (request_.include_usage && request_.behaviour.usage != "none") payload += R"(,"usage":null)";
  payload += '}';
  AppendEvent(out, payload);
}

void EventSource::AppendContent(std::string& out) {
  const bool tool = !request_.tool_name.empty();
  const std::string& text = tool ? tool_arguments_ : content_;
  std::string_view piece = Piece(request_, text, sent_, count_);
  std::string delta;
  for (int64_t choice = 0; choice < request_.choices; ++choice) {
    delta.clear();
    if (tool) {
      delta = R"({"tool_calls":[{"index":0,"function":{"arguments":)";
      AppendJsonString(delta, piece);
      delta += "}}]}";
    } else {
      delta = R"({"content":)";
      AppendJsonString(delta, piece);
      delta += '}';
    }
    AppendChunk(out, choice, delta, tool ? std::string_view() : piece, {});
  }
}

EventSource::Step EventSource::Next(std::string& out) {
  const Behaviour& behaviour = request_.behaviour;
  if (behaviour.hang_after == sent_) return Step::kHang;
  if (behaviour.die_after == sent_) return Step::kDie;
  if (behaviour.reset_after == sent_) return Step::kReset;
  if (behaviour.error_after == sent_) {
    AppendEvent(out, behaviour.error_event.empty()
                         ? R"({"error":{"message":"mock stream error","type":"server_error","code":null}})"
                         : std::string_view(behaviour.error_event));
    return Step::kEnd;
  }
  if (behaviour.malformed != 0 && behaviour.malformed_after == sent_) {
    AppendEvent(out, R"({"id":"chatcmpl-mock","choices":[{"index":0,"del)");
    return Step::kEnd;
  }
  if (sent_ == 0) {
    for (int64_t choice = 0; choice < request_.choices; ++choice) {
      std::string delta = R"({"role":"assistant","content":"","refusal":null})";
      if (!request_.tool_name.empty()) {
        delta =
            R"({"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_mock_1","type":"function",)"
            R"("function":{"name":)";
        AppendJsonString(delta, request_.tool_name);
        delta += R"(,"arguments":""}}]})";
      }
      AppendChunk(out, choice, delta, {}, {});
    }
  }
  if (sent_ < count_) {
    AppendContent(out);
    ++sent_;
    return Step::kMore;
  }
  return Finish(out);
}

EventSource::Step EventSource::Finish(std::string& out) {
  for (int64_t choice = 0; choice < request_.choices; ++choice) {
    AppendChunk(out, choice, "{}", {}, request_.tool_name.empty() ? "stop" : "tool_calls");
  }
  if (request_.include_usage) {
    std::string usage = UsageOf(request_, count_ * std::max<int64_t>(1, request_.choices));
    if (!usage.empty()) AppendEvent(out, prefix_ + "[]" + R"(,"usage":)" + usage + "}");
  }
  if (request_.behaviour.no_done == 0) AppendEvent(out, "[DONE]");
  if (request_.behaviour.after_done != 0) {
    AppendChunk(out, 0, R"({"content":"behind the end"})", {}, {});
  }
  return Step::kEnd;
}

}  // namespace aisix::mock
