// Where this dialect's vendors put the model's reasoning, and where clients look for it (spec 05 §10.1,
// §10.2, 07 §2.7, §4.5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/json/reader.h"

namespace aisix::proxy::openai_chat {

// `response.reasoning_field` of a provider key: `delta.<path>`. A value.
class ReasoningPath {
 public:
  ReasoningPath() = default;
  // Anything else than `delta.` and at least one more segment is ignored; empty segments are skipped.
  explicit ReasoningPath(std::string_view field);
  bool empty() const { return segments_.empty(); }
  const std::vector<std::string>& segments() const { return segments_; }

 private:
  std::vector<std::string> segments_;  // below `delta`
};

// What was found in one `message` or `delta`.
struct ReasoningView {
  json::Value reasoning_content;
  json::Value reasoning;
  json::Value configured;  // at the configured path
  size_t end = 0;          // offset of the object's closing brace

  void Clear() { *this = ReasoningView(); }
  // The string that must be copied to `reasoning_content`; kInvalid: none.
  const json::Value* Source() const;
};

// Consumes the value at the reader and looks for `path[from…]` in it.
void FindReasoning(json::Reader& reader, const std::vector<std::string>& path, size_t from,
                   json::Value& found);

}  // namespace aisix::proxy::openai_chat
