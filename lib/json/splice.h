// A text with a few pieces exchanged, as a list of slices: the bytes that stay are not copied.
#pragma once

#include <string_view>

#include "absl/container/inlined_vector.h"
#include "lib/json/reader.h"

namespace aisix::json {

// Collects edits of one text and then lists what is left of it in order. Edits must not overlap; they may be
// added in any order, insertions at one place keep theirs. Text and replacements are borrowed.
class Splice {
 public:
  struct Edit {
    Span span;
    std::string_view replacement;
  };

  void Replace(Span span, std::string_view replacement);
  void Insert(size_t offset, std::string_view text) { Replace(Span{offset, 0}, text); }
  void Clear() { edits_.clear(); }
  bool empty() const { return edits_.empty(); }

  // Appends the slices of the edited `source` to `slices` (a container of std::string_view); empty ones are
  // left out. The total length is returned.
  template <typename Slices>
  size_t AppendTo(Slices& slices, std::string_view source) const {
    size_t total = 0;
    size_t from = 0;
    const auto add = [&](std::string_view slice) {
      if (slice.empty()) return;
      slices.push_back(slice);
      total += slice.size();
    };
    for (const Edit& edit : edits_) {
      add(source.substr(from, edit.span.offset - from));
      add(edit.replacement);
      from = edit.span.end();
    }
    add(source.substr(from));
    return total;
  }

  // Appends the edited `source` to `out`.
  template <typename Text>
  void AppendText(Text& out, std::string_view source) const {
    size_t from = 0;
    for (const Edit& edit : edits_) {
      out.append(source.substr(from, edit.span.offset - from));
      out.append(edit.replacement);
      from = edit.span.end();
    }
    out.append(source.substr(from));
  }

 private:
  absl::InlinedVector<Edit, 6> edits_;  // by offset
};

}  // namespace aisix::json
