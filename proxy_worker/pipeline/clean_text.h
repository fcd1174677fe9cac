// Texts of providers as they are recorded (spec 07 §19).
#pragma once

#include <string_view>

#include "lib/http/head.h"

namespace aisix::proxy {

// Replaces `out` (an InlineText) by `text` without control characters, at most 256 bytes.
template <typename Text>
void AssignClean(std::string_view text, Text& out) {
  constexpr size_t kMost = 256;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (out.view() == text) return;  // chunks repeat themselves
  if (text.size() > kMost) {
    size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  out.Clear();
  if (!http::HasControlBytes(text) && text.find('\t') == std::string_view::npos) {
    out.Append(text);
    return;
  }
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_control(text[i])) continue;
    out.Append(text.substr(from, i - from));
    from = i + 1;
  }
  out.Append(text.substr(from));
}

}  // namespace aisix::proxy
