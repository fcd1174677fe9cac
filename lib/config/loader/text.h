// Small operations on text over std::string_view (abseil's, as Debian builds it, take only their own type).
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"

namespace aisix::config {

// All pieces in one string: texts and integers.
template <typename... Pieces>
std::string Concat(const Pieces&... pieces) {
  std::string text;
  auto append = [&text](const auto& piece) {
    using Piece = std::decay_t<decltype(piece)>;
    if constexpr (std::is_integral_v<Piece>) {
      text += std::to_string(piece);
    } else if constexpr (std::is_same_v<Piece, absl::string_view>) {
      text.append(piece.data(), piece.size());
    } else {
      text += std::string_view(piece);
    }
  };
  (append(pieces), ...);
  return text;
}

// ASCII only.
std::string Lower(std::string_view text);
bool EqualsIgnoringCase(std::string_view left, std::string_view right);

// Without white space at both ends.
std::string_view Trim(std::string_view text);
inline bool IsBlank(std::string_view text) {
  return Trim(text).empty();
}

inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
inline bool Contains(std::string_view text, char part) {
  return text.find(part) != std::string_view::npos;
}

inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
inline bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Cuts the prefix or suffix off; false when it is not there.
bool ConsumePrefix(std::string_view& text, std::string_view prefix);
bool ConsumeSuffix(std::string_view& text, std::string_view suffix);

// At least one part; the parts borrow `text`. With `limit` the last part holds the rest.
std::vector<std::string_view> Split(std::string_view text, char separator, size_t limit = SIZE_MAX);

template <typename Range>
std::string Join(const Range& parts, std::string_view separator, std::string_view quote = "") {
  std::string text;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) text += separator;
    first = false;
    text += Concat(quote, part, quote);
  }
  return text;
}

}  // namespace aisix::config
