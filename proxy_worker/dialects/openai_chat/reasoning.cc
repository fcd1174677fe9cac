#include "proxy_worker/dialects/openai_chat/reasoning.h"

#include <algorithm>

namespace aisix::proxy::openai_chat {
namespace {

bool IsNonEmptyString(const json::Value& value) {
  return value.kind == json::Kind::kString && value.span.length > 2;
}

}  // namespace

ReasoningPath::ReasoningPath(std::string_view field) {
  bool first = true;
  while (true) {
    const size_t dot = field.find('.');
    const std::string_view segment = field.substr(0, dot);
    if (first && segment != "delta") return;
    if (!first && !segment.empty()) segments_.emplace_back(segment);
    first = false;
    if (dot == std::string_view::npos) break;
    field.remove_prefix(dot + 1);
  }
  // Copying a member to itself changes nothing.
  if (segments_.size() == 1 && segments_[0] == "reasoning_content") segments_.clear();
}

const json::Value* ReasoningView::Source() const {
  if (IsNonEmptyString(configured)) return &configured;
  if (IsNonEmptyString(reasoning_content)) return nullptr;
  return IsNonEmptyString(reasoning) ? &reasoning : nullptr;
}

void FindReasoning(json::Reader& reader, const std::vector<std::string>& path, size_t from,
                   json::Value& found) {
  if (from == path.size()) {
    found = reader.Read();
    return;
  }
  if (!reader.EnterObject()) {
    reader.Skip();
    return;
  }
  json::Key key;
  while (reader.NextMember(key)) {
    if (key.Is(path[from])) {
      FindReasoning(reader, path, from + 1, found);
    } else {
      reader.Skip();
    }
  }
}

}  // namespace aisix::proxy::openai_chat
