#include "lib/json/splice.h"

namespace aisix::json {

void Splice::Replace(Span span, std::string_view replacement) {
  edits_.push_back(Edit{span, replacement});
  // Edits come nearly sorted; there are a handful.
  for (size_t i = edits_.size() - 1; i > 0 && edits_[i - 1].span.offset > edits_[i].span.offset; --i) {
    std::swap(edits_[i - 1], edits_[i]);
  }
}

}  // namespace aisix::json
