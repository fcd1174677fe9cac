// What the mock provider reads in a chat completion request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/mock_provider/behaviour.h"
#include "simdjson.h"

namespace aisix::mock {

struct ChatRequest {
  std::string model;  // as sent, without the behaviour behind '?'
  bool stream = false;
  bool include_usage = false;
  int64_t choices = 1;
  bool logprobs = false;
  std::string tool_name;    // first offered function; empty = answer with text
  std::string tool_answer;  // content of the last message when its role is "tool"
  int64_t images = 0;
  int64_t audio_parts = 0;
  int64_t messages = 0;
  Behaviour behaviour;  // defaults, then the model's, then the body's
};

// Parses `body` (kept alive by the caller; padded copies are made by the parser when needed) into `request`.
// Returns an empty string, or what is wrong with the body.
std::string ParseChatRequest(simdjson::dom::parser& parser, std::string_view body, const Behaviour& defaults,
                             ChatRequest& request);

}  // namespace aisix::mock
