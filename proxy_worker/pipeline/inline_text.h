// A text that keeps short values inside itself, so that a request needs no heap for its names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"

namespace aisix::proxy {

// Owns a copy of a text; up to N bytes without the heap. Not thread-safe.
template <size_t N>
class InlineText {
 public:
  InlineText() = default;
  InlineText& operator=(std::string_view text) {
    bytes_.assign(text.begin(), text.end());
    return *this;
  }
  void Append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void Clear() { bytes_.clear(); }
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  absl::InlinedVector<char, N> bytes_;
};

}  // namespace aisix::proxy
