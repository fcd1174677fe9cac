#include "bench/mock_provider/chat_request.h"

namespace aisix::mock {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool Present(simdjson::simdjson_result<element> result, element& value) {
  return result.get(value) == simdjson::SUCCESS && !value.is_null();
}

// Leaves `value` alone when the member is absent or of another type.
template <typename T>
void ReadIfPresent(simdjson::simdjson_result<element> member, T& value) {
  T read;
  if (member.get(read) == simdjson::SUCCESS) value = read;
}

void CountParts(element content, ChatRequest& request) {
  array parts;
  if (content.get(parts) != simdjson::SUCCESS) return;
  for (element part : parts) {
    std::string_view type;
    if (part["type"].get(type) != simdjson::SUCCESS) continue;
    if (type == "image_url") ++request.images;
    if (type == "input_audio") ++request.audio_parts;
  }
}

void ReadMessages(element messages, ChatRequest& request) {
  array list;
  if (messages.get(list) != simdjson::SUCCESS) return;
  std::string_view role;
  element content;
  bool has_content = false;
  for (element message : list) {
    ++request.messages;
    role = {};
    ReadIfPresent(message["role"], role);
    has_content = Present(message["content"], content);
    if (has_content) CountParts(content, request);
  }
  if (role == "tool") {
    std::string_view text;
    if (has_content && content.get(text) == simdjson::SUCCESS) request.tool_answer = std::string(text);
    if (request.tool_answer.empty()) request.tool_answer = "nothing";
  }
}

void ReadTools(element root, ChatRequest& request) {
  element choice;
  std::string_view text;
  if (Present(root["tool_choice"], choice) && choice.get(text) == simdjson::SUCCESS && text == "none") return;
  if (!request.tool_answer.empty()) return;
  element tools;
  if (!Present(root["tools"], tools)) return;
  if (tools.at(0)["function"]["name"].get(text) == simdjson::SUCCESS) request.tool_name = std::string(text);
}

}  // namespace

std::string ParseChatRequest(simdjson::dom::parser& parser, std::string_view body, const Behaviour& defaults,
                             ChatRequest& request) {
  request.behaviour = defaults;
  element root;
  if (auto error = parser.parse(body.data(), body.size()).get(root); error != simdjson::SUCCESS) {
    return std::string("We could not parse the JSON body of your request: ") + simdjson::error_message(error);
  }
  if (!root.is_object()) return "the body is not an object";
  std::string_view model;
  if (root["model"].get(model) != simdjson::SUCCESS) return "you must provide a model parameter";
  size_t question = model.find('?');
  request.model = std::string(model.substr(0, question));
  if (question != std::string_view::npos) ApplyQuery(request.behaviour, model.substr(question + 1));

  element value;
  if (Present(root["stream"], value) && value.get(request.stream) != simdjson::SUCCESS) {
    return "stream is not a boolean";
  }
  ReadIfPresent(root["n"], request.choices);
  ReadIfPresent(root["logprobs"], request.logprobs);
  if (Present(root["stream_options"], value)) {
    if (!request.stream) return "stream_options is only allowed when stream is enabled";
    ReadIfPresent(value["include_usage"], request.include_usage);
  }
  if (!Present(root["messages"], value) || !value.is_array()) return "messages is not an array";
  ReadMessages(value, request);
  ReadTools(root, request);
  object behaviour;
  if (root["mock"].get(behaviour) == simdjson::SUCCESS) ApplyObject(request.behaviour, behaviour);
  return {};
}

}  // namespace aisix::mock
